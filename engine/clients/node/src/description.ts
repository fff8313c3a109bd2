/** What a server says of an index; the protocol's IndexDescription, which has more. */
export interface IndexDescription {
  readonly name: string;
  /** What it can do now. Unless SERVING, only name, state and failure are filled. */
  readonly state: 'LOADING' | 'SERVING' | 'FAILED' | string;
  readonly failure: string;
  /** The generation that answers: 16 hex digits. */
  readonly generation: string;
  readonly metric: 'COSINE' | 'L2' | 'INNER_PRODUCT';
  readonly largerIsNearer: boolean;
  readonly dimension: number;
  readonly count: number;
  readonly keyKind: 'UINT64' | 'STRING';
  /** True when it can be written to. */
  readonly live: boolean;
  readonly attributes: readonly AttributeField[];
  readonly [field: string]: unknown;
}

/** An attribute that items of an index may have. */
export interface AttributeField {
  readonly name: string;
  readonly type: 'KEYWORD' | 'KEYWORD_SET' | 'INT64' | 'DOUBLE' | 'BOOL' | 'TIMESTAMP';
}

/** A live index that is to be made; the protocol's CreateRequest, which has more. */
export interface NewIndex {
  /** Name, 1 to 128 characters: letters, digits, '.', '_', '-', the first a letter or digit. */
  index: string;
  /** Components of a vector, 1 to 65,536. */
  dimension: number;
  metric: IndexDescription['metric'];
  /** Default: UINT64. */
  keyKind?: IndexDescription['keyKind'];
  /** Default: none. */
  attributes?: readonly AttributeField[];
  [field: string]: unknown;
}

// Answers: columns, and hits that are read from them.

import { fromAttributeColumns, type AttributeColumn } from './attributes.js';
import { fromKeyColumn } from './keys.js';
import { enumName, plainOf, type Plain } from './protocol.js';
import { fromVectorBatch } from './vectors.js';

/** A value that came back. */
export type ReturnedValue = string | string[] | bigint | number | boolean | undefined;

/** One result. */
export interface Hit {
  /** Key of the item. */
  readonly key: bigint | string;
  /** In the metric's own unit: cosine or inner product (larger is nearer), Euclidean distance (smaller is nearer). */
  readonly score: number;
  /** Row of the query that it answers; of a union, the row that it came from. */
  readonly row: number;
  /** Place in the columns. */
  readonly position: number;
  /** The attributes that were asked for. */
  readonly attributes: { readonly [name: string]: ReturnedValue };
}

/** What a cap or floor did to one list. */
export interface QuotaFact {
  /** The list. */
  readonly row: number;
  /** Position of the cap in the request. */
  readonly cap?: number;
  /** Position of the floor in the request. */
  readonly floor?: number;
  /** Of a cap: the value that was full, as text. */
  readonly value: string;
  /** Items that the cap kept out which were nearer than the last of the list; of a floor: items that are missing. */
  readonly count: number;
}

/** What a search cost; the protocol's SearchStats. */
export interface SearchStats {
  readonly visited: number;
  readonly expanded: number;
  readonly reranked: number;
  readonly efSearch: number;
  readonly queueUs: number;
  readonly searchUs: number;
  readonly plan: string;
  readonly matching?: number;
  readonly selectivity?: number;
  readonly filterUs: number;
  readonly estimatedRecall?: number;
  readonly brownOut: number;
  readonly targetOutOfReach: boolean;
  readonly encodeUs: number;
}

/** Whether an answer is what the whole search would have given. */
export type Completeness = 'COMPLETE' | 'TRUNCATED_DEADLINE' | 'DEGRADED_OVERLOAD' | 'LIMITED_WORK';

/** An answer: a list for each query row, one after the other in the columns; iterating gives all hits. */
export class SearchAnswer implements Iterable<Hit> {
  /** Keys of all results. */
  readonly keys: BigUint64Array | string[];
  /** Scores beside the keys. */
  readonly scores: Float32Array;
  /** Where each list starts; one entry more than lists. */
  readonly rowOffsets: Uint32Array;
  /** Of a union: the query row that each result came from. */
  readonly fromRows: Uint32Array;
  /** The attributes that were asked for. */
  readonly columns: ReadonlyMap<string, AttributeColumn>;
  /** Generation that answered: 16 hex digits. */
  readonly generation: string;
  /** Whether the search ran to its end. */
  readonly completeness: Completeness;
  /** What the search cost. */
  readonly stats: SearchStats;
  /** Caps that kept an item out of a list, and floors that could not be met. */
  readonly quotas: readonly QuotaFact[];

  /**
   * @param message The reply.
   * @param missingExamples Of a recommendation: example keys that have no item.
   * @param bounded Of a range: true for each row of which k items were in the range, so that there may be more.
   */
  constructor(
    message: Plain, readonly missingExamples: BigUint64Array | string[] = [], readonly bounded: readonly boolean[] = []) {
    this.keys = fromKeyColumn(message['keys']);
    this.scores = Float32Array.from(message['scores']);
    this.rowOffsets = Uint32Array.from(message['rowOffsets']);
    this.fromRows = Uint32Array.from(message['fromRows']);
    this.columns = fromAttributeColumns(message['attributes']);
    this.generation = message['generation'];
    this.completeness = enumName('Completeness', message['completeness']) as Completeness;
    this.stats = plainOf('SearchStats', message['stats'] ?? {}) as SearchStats;
    this.quotas = message['quotas'].map((fact: Plain) => plainOf('QuotaFact', fact)) as QuotaFact[];
  }

  /** Results of all rows. */
  get count(): number {
    return this.scores.length;
  }

  /** Lists. */
  get rowCount(): number {
    return Math.max(this.rowOffsets.length - 1, 0);
  }

  /** The column of an attribute that was asked for. */
  column(name: string): AttributeColumn {
    const column = this.columns.get(name);
    if (!column)
      throw new RangeError(`The answer has no attribute '${name}'; one that the query asks for was expected.`);
    return column;
  }

  /** The hits of one list, nearest first. */
  *row(row: number): IterableIterator<Hit> {
    if (!(row >= 0 && row < this.rowCount))
      throw new RangeError(`Row is ${row}; 0 to ${this.rowCount - 1} was expected.`);
    for (let position = this.rowOffsets[row]!; position < this.rowOffsets[row + 1]!; position++)
      yield this.hit(row, position);
  }

  *[Symbol.iterator](): IterableIterator<Hit> {
    for (let row = 0; row < this.rowCount; row++)
      yield* this.row(row);
  }

  private hit(row: number, position: number): Hit {
    return {
      key: this.keys[position]!,
      score: this.scores[position]!,
      row: this.fromRows[position] ?? row,
      position,
      attributes: attributesAt(this.columns, position),
    };
  }
}

/** One item that was looked up. */
export interface Item {
  readonly key: bigint | string;
  /** Where vectors were asked for; unit length under cosine. */
  readonly vector: Float32Array | undefined;
  readonly attributes: { readonly [name: string]: ReturnedValue };
}

/** Items that were looked up: columns; iterating gives each. */
export class ItemColumns implements Iterable<Item> {
  /** Keys of the items. */
  readonly keys: BigUint64Array | string[];
  /** Keys that have no item. */
  readonly missing: BigUint64Array | string[];
  /** Rows beside the keys, where they were asked for. */
  readonly vectors: Float32Array;
  /** Components of a row; 0 where none were asked for. */
  readonly dimension: number;
  /** The attributes that were asked for. */
  readonly columns: ReadonlyMap<string, AttributeColumn>;
  /** Generation that answered: 16 hex digits. */
  readonly generation: string;

  constructor(keys: Plain | null, message: Plain) {
    this.keys = fromKeyColumn(keys);
    this.missing = fromKeyColumn(message['missing']);
    this.vectors = fromVectorBatch(message['vectors']);
    this.dimension = message['vectors']?.dim ?? 0;
    this.columns = fromAttributeColumns(message['attributes']);
    this.generation = message['generation'];
  }

  *[Symbol.iterator](): IterableIterator<Item> {
    for (let i = 0; i < this.keys.length; i++) {
      yield {
        key: this.keys[i]!,
        vector: this.dimension > 0 ? this.vectors.subarray(i * this.dimension, (i + 1) * this.dimension) : undefined,
        attributes: attributesAt(this.columns, i),
      };
    }
  }
}

function attributesAt(columns: ReadonlyMap<string, AttributeColumn>, position: number): { [name: string]: ReturnedValue } {
  const values: { [name: string]: ReturnedValue } = {};
  for (const [name, column] of columns)
    values[name] = column.at(position);
  return values;
}

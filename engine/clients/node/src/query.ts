// What a search asks.

import type { Filter } from './filter.js';
import type { Keys } from './keys.js';
import type { CallOptions } from './options.js';
import type { Plain } from './protocol.js';
import { toVectorBatch, type Vector } from './vectors.js';

/**
 * What a search asks: `vector`, `vectors`, `text` or `texts`, one of them, and what it may say besides. What is left out is as the protocol
 * says (ann/v1/retrieval.proto), which documents range and default of each.
 */
export interface SearchQuery extends CallOptions {
  /** The query: one row. */
  vector?: Vector;
  /** Several rows, of which each gets a list, or with `union` all one. */
  vectors?: readonly Vector[];
  /** A text in place of a vector, which the index's own encoder reads as a query. */
  text?: string;
  /** Several of them. */
  texts?: readonly string[];
  /** Items wanted for each row, 1 to 10,000; of one list where `union` merges them. Default: 10. */
  k?: number;
  /** Beam width, k to 40,000. Default: what `recallTarget` asks for, or the server's. */
  efSearch?: number;
  /** Recall wanted, above 0 and below 1: the server takes the beam that reaches it. */
  recallTarget?: number;
  /** Look at every item: exact, and slower in proportion to the index. Default: false. */
  exact?: boolean;
  /** Which items may be returned. Default: all. */
  filter?: Filter;
  /** A filter that the server knows (`prepareFilter`), in place of `filter`. */
  preparedFilter?: bigint;
  /** Items that must not be returned: by key, by a Roaring bitmap of 32-bit keys, by the names of sets that the server keeps. */
  exclude?: { keys?: Keys; roaring?: Uint8Array; sets?: readonly string[] };
  /** At most so many items of one value of an attribute: `{ brand: 2 }`. */
  caps?: { readonly [attribute: string]: number };
  /** At least so many items that a filter takes. */
  floors?: readonly { filter: Filter; least: number }[];
  /** Diversity, 0 to 1: 1 is by score alone (maximal marginal relevance). Default: none. */
  diversityLambda?: number;
  /** Merge what all rows find into one list of k: the interests of one user. Default: a list a row. */
  union?: boolean | { leastPerRow: number };
  /** Results must score at least this well. */
  minScore?: number;
  /** Attributes wanted back with the results. */
  attributes?: readonly string[];
  /** Answer with the best found so far when the deadline comes, in place of failing; `completeness` tells. Default: true. */
  bestSoFar?: boolean;
  /** Encoder that made the vectors, which must be the index's. */
  encoderFingerprint?: bigint;
  /** The caller's mark for traces and slow queries. */
  tag?: string;
}

const known = new Set([
  'vector', 'vectors', 'text', 'texts', 'k', 'efSearch', 'recallTarget', 'exact', 'filter', 'preparedFilter', 'exclude', 'caps', 'floors',
  'diversityLambda', 'union', 'minScore', 'attributes', 'bestSoFar', 'encoderFingerprint', 'tag', 'timeoutMs', 'signal']);

/** The request of a query. */
export function toSearchRequest(index: string, query: SearchQuery): Plain {
  const stray = Object.keys(query).find((name) => !known.has(name));
  if (stray !== undefined)
    throw new TypeError(`${stray} is nothing that a search asks; one of ${[...known].join(', ')} was expected.`);
  const rows = query.vector !== undefined ? [query.vector] : query.vectors;
  const texts = query.text !== undefined ? [query.text] : query.texts;
  return {
    index,
    queries: rows?.length ? toVectorBatch(rows) : undefined,
    texts,
    k: query.k ?? 10,
    efSearch: query.efSearch,
    recallTarget: query.recallTarget,
    exact: query.exact,
    filter: query.filter?.wire,
    preparedFilter: query.preparedFilter,
    exclude: query.exclude,
    caps: Object.entries(query.caps ?? {}).map(([attribute, most]) => ({ attribute, most })),
    floors: (query.floors ?? []).map(({ filter, least }) => ({ filter: filter.wire, least })),
    diversity: query.diversityLambda === undefined ? undefined : { lambda: query.diversityLambda },
    union: query.union ? { leastPerRow: query.union === true ? undefined : query.union.leastPerRow } : undefined,
    minScore: query.minScore,
    attributes: query.attributes,
    onDeadline: query.bestSoFar === false ? 'FAIL' : 'BEST_SO_FAR',
    encoderFingerprint: query.encoderFingerprint,
    requestTag: query.tag,
  };
}

/** Examples of one kind or several. */
export interface Examples {
  /** Keys of items. */
  keys?: Keys;
  vectors?: readonly Vector[];
  /** Texts, which the index's own encoder reads. */
  texts?: readonly string[];
}

/** Examples to be like and unlike. At least one to be like; 1,024 of either at most. */
export interface SearchExamples {
  like: Examples;
  unlike?: Examples;
  /** How the examples make a query. Default: AVERAGE. */
  strategy?: 'AVERAGE' | 'BEST_SCORE';
  /** Let the examples themselves be returned. Default: false. */
  withExamples?: boolean;
}

/** The request of a recommendation. */
export function toRecommendRequest(index: string, { like, unlike, strategy, withExamples }: SearchExamples, query: SearchQuery): Plain {
  const batch = (rows: readonly Vector[] | undefined) => rows?.length ? toVectorBatch(rows) : undefined;
  return {
    search: toSearchRequest(index, query),
    positiveKeys: like.keys,
    positiveVectors: batch(like.vectors),
    positiveTexts: like.texts,
    negativeKeys: unlike?.keys,
    negativeVectors: batch(unlike?.vectors),
    negativeTexts: unlike?.texts,
    strategy,
    withExamples,
  };
}

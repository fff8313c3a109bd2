// One index of a server.

import { ItemColumns, SearchAnswer } from './answer.js';
import type { Connection } from './connection.js';
import type { IndexDescription } from './description.js';
import type { Filter } from './filter.js';
import { toBlock, type NewItem } from './items.js';
import { fromKeyColumn, type Keys } from './keys.js';
import type { CallOptions } from './options.js';
import { plainOf, type Plain } from './protocol.js';
import { toRecommendRequest, toSearchRequest, type SearchExamples, type SearchQuery } from './query.js';
import { fromVectorBatch } from './vectors.js';
import { ItemWriter, type WriterOptions } from './writer.js';

/** What a write did. */
export interface WriteResult {
  /** Items added, replaced or removed. */
  readonly applied: number;
  /** Items that existed already (insert only) or did not exist (delete). */
  readonly skipped: number;
  /** Position of the index's log at which the write is seen. */
  readonly logPosition: number;
}

/** What is wanted of items besides their keys. */
export interface ItemOptions extends CallOptions {
  /** Attributes wanted back, by name. Default: none. */
  attributes?: readonly string[];
  /** Also return the vectors. Default: false. */
  withVectors?: boolean;
}

/** One index: searches and other reads, and writes where it is live. */
export class IndexClient {
  /** @param name Name of the index, or name@generation to insist on one. */
  constructor(private readonly connection: Connection, readonly name: string) {}

  /** Finds the items nearest to each row of a query, nearest first, ties by key. */
  async search(query: SearchQuery): Promise<SearchAnswer> {
    return new SearchAnswer(await this.connection.read('Retrieval/Search', toSearchRequest(this.name, query), query));
  }

  /** Makes several searches as of one write, each with a filter and all else of its own: a batch of users. An answer a search. */
  async searchMany(queries: readonly SearchQuery[], options?: CallOptions): Promise<SearchAnswer[]> {
    const searches = queries.map((query) => toSearchRequest('', query));
    const reply = await this.connection.read('Retrieval/SearchMany', { index: this.name, searches }, options);
    return reply['answers'].map((answer: Plain) => new SearchAnswer(answer));
  }

  /** The items most like some examples and unlike others; `missingExamples` of the answer tells which are no items any more. */
  async recommend(examples: SearchExamples, query: SearchQuery = {}): Promise<SearchAnswer> {
    const reply = await this.connection.read('Retrieval/Recommend', toRecommendRequest(this.name, examples, query), query);
    return new SearchAnswer(reply['answer'], fromKeyColumn(reply['missing']));
  }

  /** All items within a score of each row (`minScore`), at most k of them; `bounded` of the answer tells where there may be more. */
  async range(query: SearchQuery): Promise<SearchAnswer> {
    const reply = await this.connection.read('Retrieval/Range', { search: toSearchRequest(this.name, query) }, query);
    return new SearchAnswer(reply['answer'], [], reply['bounded']);
  }

  /** Looks items up by their keys. A key that has no item is in `missing`, and is no error. */
  async fetch(keys: Keys, { attributes, withVectors, ...options }: ItemOptions = {}): Promise<ItemColumns> {
    const reply = await this.connection.read('Retrieval/Fetch', { index: this.name, keys, attributes, withVectors }, options);
    return new ItemColumns(reply['found'], reply);
  }

  /** Pages through the items in the order of their keys. An item that is there all the while comes exactly once. */
  async *scroll(
    { filter, pageSize = 1000, attributes, withVectors, ...options }: ItemOptions & { filter?: Filter; pageSize?: number } = {},
  ): AsyncIterableIterator<ItemColumns> {
    let after: Plain | undefined;
    for (;;) {
      const request = { index: this.name, filter: filter?.wire, limit: pageSize, after, attributes, withVectors };
      const reply = await this.connection.read('Retrieval/Scroll', request, options);
      const page = new ItemColumns(reply['keys'], reply);
      if (page.keys.length > 0)
        yield page;
      if (page.keys.length < pageSize)
        return;
      const last = page.keys.at(-1)!;
      after = typeof last === 'string' ? { texts: [last] } : { numbers: [last] };
    }
  }

  /** Makes a filter known to the server, so that searches name it by its hash (`preparedFilter`). Tells how many items it takes now. */
  async prepareFilter(filter: Filter, options?: CallOptions): Promise<{ preparedFilter: bigint; matching: number }> {
    const reply = await this.connection.read('Retrieval/PrepareFilter', { index: this.name, filter: filter.wire }, options);
    return plainOf('PrepareFilterResponse', reply) as { preparedFilter: bigint; matching: number };
  }

  /** Turns texts into vectors with an encoder of the index: that of its queries, or that of its rows. */
  async embed(
    texts: readonly string[], { areDocuments = false, ...options }: CallOptions & { areDocuments?: boolean } = {},
  ): Promise<Float32Array[]> {
    const request = { index: this.name, texts, role: areDocuments ? 'DOCUMENT' : 'QUERY' };
    const { vectors } = await this.connection.read('Retrieval/Embed', request, options);
    const components = fromVectorBatch(vectors);
    return texts.map((_, i) => components.subarray(i * vectors.dim, (i + 1) * vectors.dim));
  }

  /** What the server says of the index: dimension, metric, attributes, generations, recall. */
  async describe(options?: CallOptions): Promise<IndexDescription> {
    const reply = await this.connection.read('Indexes/Describe', { index: this.name }, options);
    return plainOf('IndexDescription', reply['index']) as IndexDescription;
  }

  /** Adds or replaces items, all of them together. Resolved when they are on disk, and seen by the next search. */
  async upsert(
    items: readonly NewItem[], { insertOnly = false, ...options }: CallOptions & { insertOnly?: boolean } = {}): Promise<WriteResult> {
    const request = { index: this.name, ...toBlock(items), mode: insertOnly ? 'INSERT_ONLY' : undefined };
    return resultOf('UpsertResponse', await this.connection.write('Ingest/Upsert', request, options));
  }

  /** Removes items, all of them together. Those that do not exist are no error. */
  async delete(keys: Keys, options?: CallOptions): Promise<WriteResult> {
    return resultOf('DeleteResponse', await this.connection.write('Ingest/Delete', { index: this.name, keys }, options));
  }

  /** Adds keys to a set that searches can exclude by name; the set is forgotten `ttlSeconds` later. Tells how many keys it has. */
  async appendToSet(set: string, keys: Keys, { ttlSeconds, ...options }: CallOptions & { ttlSeconds?: number } = {}): Promise<number> {
    const request = { index: this.name, set, keys, ttlS: ttlSeconds };
    return plainOf('AppendToSetResponse', await this.connection.write('Ingest/AppendToSet', request, options))['size'];
  }

  /** Removes a set, and tells how many keys it had. */
  async dropSet(set: string, options?: CallOptions): Promise<number> {
    return plainOf('DropSetResponse', await this.connection.write('Ingest/DropSet', { index: this.name, set }, options))['size'];
  }

  /** Opens a stream of writes, which outlives the server's restarts. */
  openWriter(options: WriterOptions = {}): ItemWriter {
    return new ItemWriter(this.connection, this.name, options);
  }
}

function resultOf(type: string, message: Plain): WriteResult {
  const { applied, skipped, logPosition } = plainOf(type, message);
  return { applied, skipped, logPosition };
}

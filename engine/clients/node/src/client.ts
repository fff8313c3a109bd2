// The client of a server, or of a group of them.

import { Connection } from './connection.js';
import type { IndexDescription, NewIndex } from './description.js';
import { IndexClient } from './index-client.js';
import type { AnnClientOptions, CallOptions } from './options.js';
import { methodOf, plainOf, type Plain } from './protocol.js';

/** Make one and keep it: it holds the connections, and any number of calls may be under way. */
export class AnnClient {
  private readonly connection: Connection;

  /** @param options The options, or the address alone. */
  constructor(options: AnnClientOptions | string) {
    this.connection = new Connection(typeof options === 'string' ? { address: options } : options);
  }

  /** One index, by its name, or name@generation to insist on one. Asks nobody. */
  index(name: string): IndexClient {
    return new IndexClient(this.connection, name);
  }

  /** What the server hosts, by name; what failed to load, too. */
  async list(options?: CallOptions): Promise<IndexDescription[]> {
    return plainOf('ListResponse', await this.connection.read('Indexes/List', {}, options))['indexes'];
  }

  /** Makes an empty live index, which serves at once. */
  async create(index: NewIndex, options?: CallOptions): Promise<IndexDescription> {
    return (await this.call('Indexes/Create', index, options))['index'] as IndexDescription;
  }

  /** Removes a live index, and deletes its files. */
  async drop(name: string, options?: CallOptions): Promise<void> {
    await this.call('Indexes/Drop', { index: name }, options);
  }

  /**
   * Any call of the protocol that is no stream, such as `call('Indexes/Promote', { index: 'shop', generation })`. Names are those of the
   * .proto files in camel case, values of enums without the name of their enum, numbers of type fixed64 bigint.
   */
  async call(method: string, request: { [field: string]: unknown }, options?: CallOptions): Promise<{ [field: string]: any }> {
    const reply = await this.connection.write(method, request as Plain, options);
    return plainOf(methodOf(method).reply, reply);
  }

  /** Closes the connections when the calls under way have ended. */
  close(): void {
    this.connection.close();
  }
}

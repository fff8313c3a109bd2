// A stream of writes that is resumed.

import { randomUUID } from 'node:crypto';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import type { Connection } from './connection.js';
import { AnnError } from './errors.js';
import { toBlock, type NewItem } from './items.js';
import { countOf, type Keys } from './keys.js';
import { encode, plainOf, type Plain } from './protocol.js';

/** How a stream of writes is made. */
export interface WriterOptions {
  /** What is done with the items. Default: UPSERT, add them and replace those that exist. */
  mode?: 'UPSERT' | 'INSERT_ONLY' | 'DELETE';
  /**
   * Who writes, at most 128 bytes of UTF-8: the server keeps the last block of each, so that one that is sent again changes nothing. Name
   * it to go on after a crash of this program; each name has one writer at a time. Default: a new name.
   */
  producer?: string;
  /** Sequence of the first block: above that of the producer's last one. Default: 1. */
  firstSequence?: bigint;
  /** Encoder that made the vectors, which must be the index's. */
  encoderFingerprint?: bigint;
  /** How long a writer goes on trying to reach the server while nothing is acknowledged, milliseconds. Default: 120,000. */
  patienceMs?: number;
  /** Bytes of blocks that a writer holds that are not acknowledged, at least those of one block. Default: 8 MiB. */
  bufferBytes?: number;
  /** Told of every acknowledgement. */
  progress?: (report: WriteReport) => void;
}

/** How far a writer is. */
export interface WriteReport {
  /** Blocks that are acknowledged: on disk, and visible to the next search. */
  readonly blocks: number;
  /** Items of those. */
  readonly items: number;
  /** Items added, replaced or removed, as far as the server could say: those of a block whose acknowledgement was lost are not counted. */
  readonly applied: number;
  /** Items that existed already (insert only) or did not exist (delete), likewise. */
  readonly skipped: number;
  /** Blocks that were sent again and had been written before. */
  readonly retried: number;
  /** Streams that were opened, those among them that found no server. */
  readonly streams: number;
  /** Sequence of the last block that is acknowledged; 0 for none. */
  readonly sequence: bigint;
  /** Position of the index's log at which it is seen. */
  readonly logPosition: number;
}

interface Block {
  sequence: bigint;
  frame: Buffer;
  items: number;
}

const firstPauseMs = 20;
const longestPauseMs = 1000;

/**
 * A stream of writes into one index, which outlives the server's restarts: what is not acknowledged is kept, and sent again on the next
 * stream. Each block is written once, whatever happens between: producer and sequence tell the server which it has. Keeps to the credit
 * that the server grants.
 */
export class ItemWriter {
  /** The name that the server knows this writer by. */
  readonly producer: string;

  private readonly blocks: Block[] = [];
  private readonly running: Promise<void>;
  private readonly given = new AbortController();
  private next = 0;
  private sequence: bigint;
  private bytes = 0;
  private sentBytes = 0;
  private credit = 0;
  private isClosed = false;
  private isOver = false;
  private heardAt = performance.now();
  private stream: ClientDuplexStream<Buffer, Plain> | undefined;
  private waiting: (() => void)[] = [];
  private before: WriteReport = { blocks: 0, items: 0, applied: 0, skipped: 0, retried: 0, streams: 0, sequence: 0n, logPosition: 0 };
  private last: WriteReport = this.before;

  /** @internal */
  constructor(private readonly connection: Connection, private readonly index: string, private readonly options: WriterOptions) {
    this.producer = options.producer ?? `ann-client-${randomUUID()}`;
    this.sequence = options.firstSequence ?? 1n;
    if (this.sequence < 1n)
      throw new RangeError(`firstSequence is ${this.sequence}; at least 1 was expected.`);
    this.running = this.run().finally(() => {
      this.isOver = true;
      this.wake();
    });
    this.running.catch(() => {}); // whoever writes or completes is told
  }

  /** How far it is. */
  get report(): WriteReport {
    return this.last;
  }

  /**
   * Hands a block of 1 to 65,536 items over. Waits while `bufferBytes` are not acknowledged; it does not wait for the acknowledgement. Is
   * rejected when the server refused a block, or could not be reached for too long; the writer has ended then.
   */
  async write(items: readonly NewItem[]): Promise<void> {
    if (items.length > 0)
      await this.add(toBlock(items), items.length);
  }

  /** Takes items away, by a writer whose mode is DELETE. */
  async delete(keys: Keys): Promise<void> {
    if (countOf(keys) > 0)
      await this.add({ keys }, countOf(keys));
  }

  /** Waits until everything that was handed over is on disk and visible, and closes the stream. Is rejected as `write` is. */
  async complete(): Promise<WriteReport> {
    this.isClosed = true;
    this.send();
    await this.running;
    return this.last;
  }

  /** Ends the stream where it is: what is not acknowledged may be written, or not. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.given.abort();
    this.stream?.cancel();
    await this.running.catch(() => {});
  }

  private async add(block: Plain, items: number): Promise<void> {
    const body = encode('WriteBlock', block);
    const size = body.length + 9; // the sequence is of fixed width
    while (!this.isOver && !this.isClosed && this.blocks.length > 0 && this.bytes + size > (this.options.bufferBytes ?? 8 << 20))
      await new Promise<void>((resolve) => { this.waiting.push(resolve); });
    if (this.isOver)
      await this.running;
    if (this.isClosed)
      throw new Error('The writer is complete; nothing more can be handed over.');
    const sequence = this.sequence++;
    const frame = frameOf(sequence, body);
    this.blocks.push({ sequence, frame, items });
    this.bytes += frame.length;
    this.send();
  }

  private wake(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting)
      resolve();
  }

  /** Ends when the writer is complete and everything is acknowledged. */
  private async run(): Promise<void> {
    let pause = firstPauseMs;
    for (;;) {
      const heard = this.heardAt;
      let wait = 0;
      try {
        await this.runStream();
        if (this.isClosed && this.blocks.length === 0)
          return;
      } catch (error) {
        this.given.signal.throwIfAborted();
        if (!isPassing(error) || performance.now() - this.heardAt > (this.options.patienceMs ?? 120_000))
          throw error;
        wait = error.retryAfterMs ?? 0;
      }
      pause = this.heardAt === heard ? Math.min(pause * 2, longestPauseMs) : firstPauseMs;
      await new Promise((resolve) => { setTimeout(resolve, Math.max(pause, wait)); });
      this.given.signal.throwIfAborted();
    }
  }

  /** One stream, which begins with the first block that is not acknowledged. */
  private async runStream(): Promise<void> {
    const stream = await this.connection.stream('Ingest/Write', 'WriteProgress');
    this.before = this.last = { ...this.last, streams: this.last.streams + 1 };
    [this.next, this.sentBytes, this.credit] = [0, 0, 0];
    this.stream = stream;
    const { mode = 'UPSERT', encoderFingerprint } = this.options;
    stream.write(encode('WriteFrame', { start: { index: this.index, mode, producer: this.producer, encoderFingerprint } }));
    try {
      await new Promise<void>((resolve, reject) => {
        stream.on('data', (progress: Plain) => this.hear(plainOf('WriteProgress', progress)));
        stream.on('end', resolve);
        stream.on('error', (error) => reject(new AnnError(error as any)));
      });
    } finally {
      this.stream = undefined;
    }
  }

  /** Sends what the credit has room for, and closes this side when nothing more comes. */
  private send(): void {
    if (!this.stream || this.stream.writableEnded)
      return;
    for (let block = this.blocks[this.next]; block; block = this.blocks[this.next]) {
      if (this.sentBytes === 0 ? this.credit === 0 : this.sentBytes + block.frame.length > this.credit)
        return;
      this.next++;
      this.sentBytes += block.frame.length;
      this.stream.write(block.frame);
    }
    if (this.isClosed)
      this.stream.end();
  }

  private hear(progress: Plain): void {
    this.credit = progress['creditBytes'];
    let { blocks, items } = this.last;
    while (this.next > 0 && this.blocks[0]!.sequence <= progress['visible']) {
      const { frame, items: count } = this.blocks.shift()!;
      this.next--;
      this.bytes -= frame.length;
      this.sentBytes -= frame.length;
      blocks++;
      items += count;
    }
    const isMore = blocks > this.last.blocks;
    const before = this.before;
    this.last = {
      blocks,
      items,
      applied: before.applied + progress['applied'],
      skipped: before.skipped + progress['skipped'],
      retried: before.retried + progress['retried'],
      streams: before.streams,
      sequence: progress['visible'] > before.sequence ? progress['visible'] : before.sequence,
      logPosition: Math.max(before.logPosition, progress['logPosition']),
    };
    if (isMore || progress['visible'] === 0n) {
      this.heardAt = performance.now();
      this.options.progress?.(this.last);
    }
    this.send();
    this.wake();
  }
}

/** A WriteFrame of a block: field 2, with the sequence, field 1, before the rest, which is encoded already. */
function frameOf(sequence: bigint, body: Buffer): Buffer {
  const head: number[] = [2 << 3 | 2];
  let length = body.length + 9;
  for (; length > 127; length >>>= 7)
    head.push(length & 127 | 128);
  const number = Buffer.alloc(9, 1 << 3 | 1);
  number.writeBigUInt64LE(sequence, 1);
  return Buffer.concat([Buffer.from([...head, length]), number, body]);
}

/** The server is away, is starting or has no room, or the connection broke. */
function isPassing(error: unknown): error is AnnError {
  if (!(error instanceof AnnError))
    return false;
  switch (error.code) {
    case 'UNAVAILABLE': return true;
    case 'RESOURCE_EXHAUSTED': return error.retryAfterMs !== undefined;
    case 'INTERNAL': case 'UNKNOWN': case 'CANCELLED': return error.reason === ''; // what broke says no reason
    default: return false;
  }
}

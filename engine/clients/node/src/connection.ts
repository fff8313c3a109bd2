// Calls over gRPC: deadlines, retries, keys, and failures that are taken apart.

import grpc, { type ClientDuplexStream, type ServiceError } from '@grpc/grpc-js';
import { AnnError } from './errors.js';
import { check, checkTimeout, type AnnClientOptions, type CallOptions, type Checked } from './options.js';
import { decode, encode, methodOf, type Plain } from './protocol.js';

const asIs = (bytes: Buffer): Buffer => bytes;

/** The connections of one client. */
export class Connection {
  private readonly client: grpc.Client;
  private readonly options: Checked['options'];

  constructor(given: AnnClientOptions) {
    const checked = check(given);
    this.options = checked.options;
    this.client = new grpc.Client(checked.target, credentialsOf(checked), {
      'grpc.max_receive_message_length': this.options.maxReplyBytes,
      'grpc.max_send_message_length': -1,
      'grpc.keepalive_time_ms': 60_000,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1000,
      'grpc.service_config_disable_resolution': 1,
      'grpc.service_config': JSON.stringify(serviceConfig(checked)),
    });
  }

  /** A read; returns the message as the library has it. */
  read(method: string, request: Plain, options?: CallOptions): Promise<Plain> {
    return this.unary(method, request, options, this.options.readTimeoutMs);
  }

  /** A write, likewise. */
  write(method: string, request: Plain, options?: CallOptions): Promise<Plain> {
    return this.unary(method, request, options, this.options.writeTimeoutMs);
  }

  /** Opens a stream whose frames are encoded already. */
  async stream(method: string, reply: string): Promise<ClientDuplexStream<Buffer, Plain>> {
    const metadata = await this.metadata();
    return this.client.makeBidiStreamRequest(
      methodOf(method).path, asIs, (bytes: Buffer) => decode(reply, bytes), metadata);
  }

  close(): void {
    this.client.close();
  }

  private async unary(method: string, request: Plain, options: CallOptions | undefined, defaultMs: number): Promise<Plain> {
    const { timeoutMs = defaultMs, signal } = options ?? {};
    checkTimeout('timeoutMs', timeoutMs);
    signal?.throwIfAborted();
    const { path, request: requestType, reply: replyType } = methodOf(method);
    const bytes = encode(requestType, request);
    const metadata = await this.metadata();
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        call.cancel();
        reject(signal!.reason);
      };
      const call = this.client.makeUnaryRequest(
        path, asIs, (reply: Buffer) => decode(replyType, reply), bytes, metadata, { deadline: Date.now() + timeoutMs },
        (error: ServiceError | null, reply?: Plain) => {
          signal?.removeEventListener('abort', abort);
          if (error)
            reject(new AnnError(error));
          else
            resolve(reply!);
        });
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  private async metadata(): Promise<grpc.Metadata> {
    const metadata = new grpc.Metadata();
    const token = this.options.tokenProvider ? await this.options.tokenProvider() : this.options.apiKey;
    if (token !== undefined)
      metadata.set('authorization', `Bearer ${token}`);
    return metadata;
  }
}

function credentialsOf({ isEncrypted, options }: Checked): grpc.ChannelCredentials {
  if (!isEncrypted)
    return grpc.credentials.createInsecure();
  const buffer = (pem: string | Uint8Array | undefined): Buffer | null => pem === undefined ? null : Buffer.from(pem as Uint8Array);
  return grpc.credentials.createSsl(
    buffer(options.authorities), buffer(options.clientCertificate?.key), buffer(options.clientCertificate?.certificate));
}

/**
 * Which calls are made again, and when: gRPC's own service configuration (proposal A6 of grpc/proposal), in which a server's word of when
 * to come again, or never (grpc-retry-pushback-ms), goes before. Reads change nothing; an upsert or a delete that is made twice leaves what
 * one leaves.
 */
function serviceConfig({ isBalanced, options }: Checked): Plain {
  const config: Plain = { loadBalancingConfig: [isBalanced ? { round_robin: {} } : { pick_first: {} }] };
  if (options.maxAttempts > 1) {
    const of = (service: string, ...methods: string[]) => methods.map((method) => ({ service: `ann.v1.${service}`, method }));
    config['methodConfig'] = [{
      name: [
        { service: 'ann.v1.Retrieval' }, ...of('Indexes', 'List', 'Describe'),
        ...of('Ingest', 'Upsert', 'Delete', 'AppendToSet', 'DropSet'),
      ],
      retryPolicy: {
        maxAttempts: options.maxAttempts,
        initialBackoff: '0.005s',
        maxBackoff: '1s',
        backoffMultiplier: 3,
        retryableStatusCodes: ['UNAVAILABLE', 'RESOURCE_EXHAUSTED'],
      },
    }];
    // Where more than half of what is tried again fails too, trying again makes it worse.
    config['retryThrottling'] = { maxTokens: 100, tokenRatio: 0.5 };
  }
  return config;
}

// Failures of calls, taken apart.

import { status, type ServiceError } from '@grpc/grpc-js';
import protobuf from 'protobufjs';

/** The part of google.rpc that the details of a failure use. */
const rpc = protobuf.parse(`
syntax = "proto3";
package google.rpc;
message Any { string type_url = 1; bytes value = 2; }
message Duration { int64 seconds = 1; int32 nanos = 2; }
message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
message ErrorInfo { string reason = 1; string domain = 2; }
message RetryInfo { Duration retry_delay = 1; }
message BadRequest { message One { string field = 1; string description = 2; } repeated One field_violations = 1; }
message QuotaFailure { message One { string subject = 1; string description = 2; } repeated One violations = 1; }
message PreconditionFailure { message One { string type = 1; string subject = 2; string description = 3; } repeated One violations = 1; }
`).root;

/** A code of gRPC by its name. */
export type Code = keyof typeof status;

/** A call that failed. What its message says: what, what was expected, what was found. */
export class AnnError extends Error {
  override readonly name = 'AnnError';
  /** The code of gRPC, such as 'NOT_FOUND'. */
  readonly code: Code;
  /** The reason in one word, of domain ann.v1; empty where the failure is not the server's. */
  readonly reason: string;
  /** Milliseconds to wait before the same is asked again; undefined: the server does not say, or never. */
  readonly retryAfterMs: number | undefined;
  /** Fields of the request that are wrong, and why. */
  readonly fields: readonly { field: string; description: string }[];
  /** Limits that were met, with the arithmetic. */
  readonly quotas: readonly { subject: string; description: string }[];
  /** What would have to be otherwise, such as the generation or the encoder. */
  readonly preconditions: readonly { type: string; subject: string; description: string }[];

  /** @param error What gRPC says. */
  constructor(error: ServiceError) {
    super(error.details || error.message, { cause: error });
    this.code = (status[error.code] ?? 'UNKNOWN') as Code;
    const details = detailsOf(error);
    const delay = details.get('RetryInfo')?.['retryDelay'];
    this.reason = details.get('ErrorInfo')?.['reason'] ?? '';
    this.retryAfterMs = delay ? Number(delay.seconds) * 1000 + delay.nanos / 1e6 : undefined;
    this.fields = plain(details.get('BadRequest')?.['fieldViolations']);
    this.quotas = plain(details.get('QuotaFailure')?.['violations']);
    this.preconditions = plain(details.get('PreconditionFailure')?.['violations']);
  }
}

function detailsOf(error: ServiceError): Map<string, any> {
  const details = new Map<string, any>();
  const [bytes] = error.metadata?.get('grpc-status-details-bin') ?? [];
  if (!(bytes instanceof Uint8Array))
    return details;
  try {
    for (const { typeUrl, value } of (rpc.lookupType('google.rpc.Status').decode(bytes) as any).details) {
      const name = typeUrl.slice(typeUrl.lastIndexOf('.') + 1);
      const type = rpc.lookup(`google.rpc.${name}`);
      if (type instanceof protobuf.Type)
        details.set(name, type.decode(value));
    }
  } catch {
    // Details that cannot be read are somebody else's; code and message stand without them.
  }
  return details;
}

const plain = (violations: any[] | undefined): any[] => (violations ?? []).map((one) => ({ ...one }));

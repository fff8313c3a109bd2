// Goal: a call is made again when the server says, and only then; it carries a key and a deadline. The server here says what it is told to.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import grpc from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { AnnClient } from '../dist/index.js';

const { UNAVAILABLE, RESOURCE_EXHAUSTED, INVALID_ARGUMENT } = grpc.status;
const bytes = (value) => value;
let server, address, calls, answer;

/** A failure as the server ends with: RetryInfo in the details, and gRPC's own word beside them. */
function failure(code, retryMs) {
  const metadata = new grpc.Metadata();
  metadata.set('grpc-retry-pushback-ms', String(retryMs ?? -1));
  const any = (name, body) => {
    const writer = protobuf.Writer.create().uint32(10).string(`type.googleapis.com/google.rpc.${name}`).uint32(18).fork();
    body(writer);
    return writer.ldelim().finish();
  };
  const status = protobuf.Writer.create().uint32(8).int32(code);
  status.uint32(26).bytes(any('ErrorInfo', (writer) => writer.uint32(10).string('TOLD').uint32(18).string('ann.v1')));
  if (retryMs !== undefined)
    status.uint32(26).bytes(any('RetryInfo', (writer) => writer.uint32(10).fork().uint32(16).int32(retryMs * 1e6).ldelim()));
  metadata.set('grpc-status-details-bin', Buffer.from(status.finish()));
  return { code, details: 'as the test wants', metadata };
}

beforeEach(async () => {
  calls = [];
  server = new grpc.Server();
  const method = (path) => ({
    path, requestStream: false, responseStream: false,
    requestSerialize: bytes, requestDeserialize: bytes, responseSerialize: bytes, responseDeserialize: bytes,
  });
  const handle = (call, done) => {
    calls.push({ path: call.getPath(), metadata: call.metadata, deadline: call.getDeadline(), at: performance.now() });
    const fault = answer(calls.length);
    if (fault !== 'silence')
      done(fault ?? null, Buffer.alloc(0));
  };
  server.addService(
    { search: method('/ann.v1.Retrieval/Search'), upsert: method('/ann.v1.Ingest/Upsert'), drop: method('/ann.v1.Indexes/Drop') },
    { search: handle, upsert: handle, drop: handle });
  const port = await new Promise((resolve, reject) => server.bindAsync(
    '127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) => error ? reject(error) : resolve(bound)));
  address = `http://127.0.0.1:${port}`;
});

afterEach(() => server.forceShutdown());

async function search(options = {}, query = {}) {
  const client = new AnnClient({ address, readTimeoutMs: 20_000, ...options });
  try {
    return await client.index('shop').search({ vector: [1], ...query });
  } finally {
    client.close();
  }
}

test('a server that says when is asked again then', async () => {
  answer = (call) => call < 3 ? failure(call === 1 ? RESOURCE_EXHAUSTED : UNAVAILABLE, 120) : undefined;
  assert.equal((await search()).count, 0);
  assert.equal(calls.length, 3);
  assert.ok(calls[1].at - calls[0].at >= 100, 'it came before it was told to');
});

test('a server that says never is not asked again', async () => {
  answer = () => failure(RESOURCE_EXHAUSTED);
  await assert.rejects(search(), { code: 'RESOURCE_EXHAUSTED', reason: 'TOLD', retryAfterMs: undefined });
  assert.equal(calls.length, 1);
});

test('attempts have an end, and the last failure tells when to come again', async () => {
  answer = () => failure(UNAVAILABLE, 1);
  await assert.rejects(search(), { code: 'UNAVAILABLE', reason: 'TOLD', retryAfterMs: 1, message: 'as the test wants' });
  assert.equal(calls.length, 4);
  await assert.rejects(search({ maxAttempts: 1 }), { code: 'UNAVAILABLE' });
  assert.equal(calls.length, 5);
});

test('what is wrong, or must not be done twice, is not asked again', async () => {
  answer = () => failure(INVALID_ARGUMENT, 1);
  await assert.rejects(search(), { code: 'INVALID_ARGUMENT' });
  assert.equal(calls.length, 1);
  answer = () => failure(UNAVAILABLE, 1);
  const client = new AnnClient(address);
  await assert.rejects(client.drop('shop'), { code: 'UNAVAILABLE' });
  assert.equal(calls.length, 2);
  client.close();
});

test('an upsert is made again', async () => {
  answer = (call) => call === 1 ? failure(UNAVAILABLE, 1) : undefined;
  const client = new AnnClient(address);
  await client.index('shop').upsert([{ key: 1, vector: [1] }]);
  assert.equal(calls.length, 2);
  client.close();
});

test('a call has a deadline, and ends with it', async () => {
  answer = () => undefined;
  await search();
  await search({}, { timeoutMs: 40_000 });
  const left = calls.map(({ deadline }) => Number(deadline) - Date.now());
  assert.ok(left[0] <= 20_000 && left[1] > 20_000 && left[1] <= 40_000, String(left));
  answer = () => 'silence';
  await assert.rejects(search({}, { timeoutMs: 50 }), { code: 'DEADLINE_EXCEEDED' });
});

test('a key goes with each call, but never in the open to another machine', async () => {
  answer = () => undefined;
  await search({ apiKey: 'secret' });
  let given = 0;
  await search({ tokenProvider: async () => `token-${++given}` });
  assert.deepEqual(calls.map(({ metadata }) => metadata.get('authorization')[0]), ['Bearer secret', 'Bearer token-1']);
  assert.throws(() => new AnnClient({ address: 'http://10.0.0.1:50051', apiKey: 'secret' }), /encryption/);
  assert.throws(() => new AnnClient({ address: 'dns:///search:50051', apiKey: 'secret' }), /encryption/);
  new AnnClient({ address: 'dns:///search:50051', useTls: true, apiKey: 'secret' }).close();
});

test('options are checked', () => {
  for (const [options, message] of [
    [{ address: 'search:50051' }, /http:\/\/ or https/], [{ address: 'http://a:1/x' }, /http:\/\/ or https/],
    [{ address: 'unix://here' }, /whole path/], [{ address: 'static:///a:1' }, /IP:PORT/], [{ address: 'dns:///a' }, /HOST:PORT/],
    [{ address: 'http://a:1', useTls: true }, /https/], [{ address: 'http://a:1', authorities: 'x' }, /encryption/],
    [{ address: 'https://a:1', apiKey: 'a b' }, /one word/], [{ address: 'http://a:1', maxAttempts: 9 }, /1 to 5/],
    [{ address: 'http://a:1', readTimeoutMs: -1 }, /readTimeoutMs/]])
    assert.throws(() => new AnnClient(options), message);
  for (const good of [
    'http://localhost:50051', 'https://[::1]:50051', 'unix:///run/ann.sock', 'dns:///a:1', 'static:///10.0.0.1:1,10.0.0.2:1'])
    new AnnClient(good).close();
});

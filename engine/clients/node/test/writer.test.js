// Goal: a stream of writes keeps to its credit, outlives a server that is killed, and writes each block once.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AnnClient } from '../dist/index.js';
import { Serving } from './serving.js';

let serving, client;

before(async () => {
  serving = await Serving.start('--embedded-encoder', 'false');
  client = new AnnClient({ address: serving.address, readTimeoutMs: 60_000 });
});

after(async () => {
  client?.close();
  await serving?.dispose();
});

const block = (number, size) => Array.from({ length: size }, (_, i) => ({
  key: number * size + i, vector: [number, i], attributes: { block: BigInt(number) },
}));

async function make(name) {
  await client.create({ index: name, dimension: 2, metric: 'L2', attributes: [{ name: 'block', type: 'INT64' }] });
  return client.index(name);
}

test('everything is acknowledged, and seen by the next search', async () => {
  const index = await make('small');
  const told = [];
  const writer = index.openWriter({ bufferBytes: 8192, progress: (report) => told.push(report.blocks) });
  for (let i = 0; i < 20; i++)
    await writer.write(block(i, 20));
  const report = await writer.complete();
  assert.deepEqual(
    [report.blocks, report.items, report.applied, report.sequence, report.streams], [20, 400, 400, 20n, 1]);
  assert.deepEqual(told, told.toSorted((a, b) => a - b));
  assert.equal((await index.describe()).count, 400);
  await assert.rejects(writer.write(block(0, 1)), /complete/);

  const remover = index.openWriter({ mode: 'DELETE' });
  await remover.delete([0, 1, 5000]);
  const { applied, skipped } = await remover.complete();
  assert.deepEqual([applied, skipped], [2, 1]);
});

test('a server that is killed misses nothing and has nothing twice', async () => {
  const index = await make('killed');
  const { port } = new URL(serving.address);
  const writer = index.openWriter({ bufferBytes: 64 << 10 });
  for (let i = 0; i < 60; i++) {
    await writer.write(block(i, 200));
    if (i === 30) {
      await serving.kill();
      await serving.start(`127.0.0.1:${port}`);
    }
  }
  const report = await writer.complete();
  assert.deepEqual([report.blocks, report.items, report.sequence], [60, 12_000, 60n]);
  assert.ok(report.streams >= 2);
  const { count, dead } = await index.describe();
  assert.deepEqual([count, dead], [12_000, 0]);
});

test('a block that is refused ends the writer, and says why', async () => {
  const index = await make('refused');
  const writer = index.openWriter();
  await writer.write(block(1, 10));
  await writer.write([{ key: 1, vector: [1, 2, 3] }]);
  await assert.rejects(writer.complete(), { code: 'INVALID_ARGUMENT' });
  await assert.rejects(writer.write(block(2, 10)), { code: 'INVALID_ARGUMENT' });
  assert.equal((await index.describe()).count, 10);
});

test('a writer that finds no server gives up when its patience ends', async () => {
  const nowhere = new AnnClient('http://127.0.0.1:9');
  const writer = nowhere.index('shop').openWriter({ patienceMs: 100 });
  await assert.rejects(writer.write(block(1, 1)).then(() => writer.complete()), { code: 'UNAVAILABLE' });
  nowhere.close();
});

test('a writer that is closed ends where it is', async () => {
  const index = await make('closed');
  const writer = index.openWriter();
  await writer.write(block(1, 10));
  await writer.close();
  await assert.rejects(writer.write(block(2, 10)));
});

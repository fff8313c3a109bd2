// Goal: what is written comes back as it was, by every way to ask; what is wrong is named.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AnnClient, AnnError, ItemFilter } from '../dist/index.js';
import { Serving } from './serving.js';

const large = 2n ** 64n - 3n;
const brands = ['acme', 'umbra', 'initech'];
let serving, client, shop;

/** Rows on a circle, of which row i is nearest to the angle of i. */
const vector = (i) => Float32Array.of(Math.cos(i / 10), Math.sin(i / 10));
const items = Array.from({ length: 30 }, (_, i) => ({
  key: i === 29 ? large : i,
  vector: vector(i),
  attributes: {
    brand: brands[i % 3],
    tags: i % 2 ? ['odd', 'new'] : [],
    price: i === 5 ? undefined : i * 1.5,
    stock: BigInt(i) - 3n,
    sold_out: i % 10 === 0,
    added: new Date(Date.UTC(2026, 0, 1 + i)),
  },
}));

before(async () => {
  serving = await Serving.start();
  client = new AnnClient({ address: serving.address, readTimeoutMs: 60_000 });
  shop = client.index('shop');
  const made = await client.create({
    index: 'shop', dimension: 2, metric: 'COSINE',
    attributes: [
      { name: 'brand', type: 'KEYWORD' }, { name: 'tags', type: 'KEYWORD_SET' }, { name: 'price', type: 'DOUBLE' },
      { name: 'stock', type: 'INT64' }, { name: 'sold_out', type: 'BOOL' }, { name: 'added', type: 'TIMESTAMP' }],
  });
  assert.equal(made.keyKind, 'UINT64');
  const { applied, skipped } = await shop.upsert(items);
  assert.deepEqual({ applied, skipped }, { applied: 30, skipped: 0 });
});

after(async () => {
  client?.close();
  await serving?.dispose();
});

test('an answer has columns of the types of its attributes, and hits that read them', async () => {
  const attributes = ['brand', 'tags', 'price', 'stock', 'sold_out', 'added'];
  const answer = await shop.search({ vector: vector(5), k: 3, attributes });
  assert.ok(answer.keys instanceof BigUint64Array && answer.scores instanceof Float32Array);
  assert.deepEqual([...answer.keys].sort(), [4n, 5n, 6n]);
  assert.equal(answer.completeness, 'COMPLETE');
  assert.match(answer.generation, /^[0-9a-f]{16}$/);
  assert.ok(answer.stats.visited > 0);
  assert.ok(answer.column('stock').values instanceof BigInt64Array);
  assert.ok(answer.column('price').values instanceof Float64Array);
  const [first, second] = answer;
  assert.deepEqual(first, {
    key: 5n, score: first.score, row: 0, position: 0,
    attributes: { brand: 'initech', tags: ['odd', 'new'], price: undefined, stock: 2n, sold_out: false, added: 1767657600000000n },
  });
  assert.ok(Math.abs(first.score - 1) < 1e-6);
  assert.equal(answer.column('added').dateAt(0).toISOString(), '2026-01-06T00:00:00.000Z');
  assert.equal(second.attributes.price, Number(second.key) * 1.5);
  assert.throws(() => answer.column('colour'), /colour/);
});

test('keys of 64 bits lose nothing', async () => {
  assert.equal((await shop.search({ vector: vector(29), k: 1 })).keys[0], large);
  const found = await shop.fetch([large, 7, 2n ** 63n], { withVectors: true, attributes: ['price'] });
  assert.deepEqual([...found.keys], [large, 7n]);
  assert.deepEqual([...found.missing], [2n ** 63n]);
  const [, seven] = found;
  assert.equal(seven.attributes.price, 10.5);
  for (const [i, component] of vector(7).entries())
    assert.ok(Math.abs(seven.vector[i] - component) < 1e-6);
  await assert.rejects(shop.fetch(-1n), RangeError);
  await assert.rejects(shop.fetch(2 ** 53), /2\^53/);
});

test('filters take what they say', async () => {
  const taken = async (filter) => [...(await shop.search({ vector: vector(0), k: 30, filter })).keys].sort((a, b) => Number(a - b));
  const expected = (takes) => items.filter(({ attributes }) => takes(attributes)).map(({ key }) => BigInt(key));
  assert.deepEqual(await taken(ItemFilter.in('brand', 'acme', 'umbra')), expected(({ brand }) => brand !== 'initech'));
  assert.deepEqual(await taken(ItemFilter.in('tags', 'odd')), expected(({ tags }) => tags.includes('odd')));
  assert.deepEqual(await taken(ItemFilter.in('stock', 4, 5n)), expected(({ stock }) => stock === 4n || stock === 5n));
  assert.deepEqual(await taken(ItemFilter.is('sold_out', true)), expected(({ sold_out }) => sold_out));
  assert.deepEqual(await taken(ItemFilter.range('price', { to: 6 })), expected(({ price }) => price <= 6));
  assert.deepEqual(await taken(ItemFilter.range('price', { above: 1.5, below: 7.5 })), expected(({ price }) => price > 1.5 && price < 7.5));
  assert.deepEqual(
    await taken(ItemFilter.range('added', { from: new Date('2026-01-20') })), expected(({ added }) => added >= new Date('2026-01-20')));
  assert.deepEqual(
    await taken(ItemFilter.all(
      ItemFilter.exists('price'), ItemFilter.not(ItemFilter.any(ItemFilter.is('sold_out', true), ItemFilter.in('brand', 'acme'))))),
    expected(({ price, sold_out, brand }) => price !== undefined && !sold_out && brand !== 'acme'));
  assert.deepEqual(await taken(ItemFilter.keyIn([3, large])), [3n, large]);
  const { preparedFilter, matching } = await shop.prepareFilter(ItemFilter.in('brand', 'acme'));
  assert.equal(matching, 10);
  const answer = await shop.search({ vector: vector(0), k: 30, preparedFilter });
  assert.equal(answer.count, 10);
});

test('exclusions, caps, floors and several rows are kept to', async () => {
  assert.equal(await shop.appendToSet('seen:user:1', [0, 1], { ttlSeconds: 60 }), 2);
  const excluded = await shop.search({ vector: vector(0), k: 3, exclude: { keys: [2n], sets: ['seen:user:1'] } });
  assert.deepEqual([...excluded.keys], [3n, 4n, 5n]);
  assert.equal(await shop.dropSet('seen:user:1'), 2);

  const capped = await shop.search({ vector: vector(0), k: 4, caps: { brand: 1 }, attributes: ['brand'] });
  assert.deepEqual(capped.column('brand').values.toSorted(), brands.toSorted());
  assert.equal(capped.quotas[0].cap, 0);
  const floors = [{ filter: ItemFilter.in('brand', 'acme'), least: 2 }];
  const floored = await shop.search({ vector: vector(1), k: 3, floors, attributes: ['brand'] });
  assert.equal(floored.column('brand').values.filter((brand) => brand === 'acme').length, 2);

  const rows = await shop.search({ vectors: [vector(3), [...vector(20)]], k: 2 });
  assert.deepEqual([...rows.rowOffsets], [0, 2, 4]);
  assert.equal([...rows.row(1)][0].key, 20n);
  assert.deepEqual([...rows].map(({ row }) => row), [0, 0, 1, 1]);
  const union = await shop.search({ vectors: [vector(3), vector(20)], k: 4, union: { leastPerRow: 1 } });
  assert.equal(union.rowCount, 1);
  assert.ok([...union].some(({ key, row }) => key === 20n && row === 1));
});

test('the other reads answer', async () => {
  const [one, two] = await shop.searchMany([
    { vector: vector(1), k: 1 }, { vector: vector(2), k: 1, filter: ItemFilter.in('brand', 'acme') }]);
  assert.deepEqual([one.keys[0], two.keys[0]], [1n, 3n]);
  const like = await shop.recommend({ like: { keys: [10, 555] } }, { k: 2 });
  assert.deepEqual([...like.keys].sort(), [11n, 9n].sort());
  assert.deepEqual([...like.missingExamples], [555n]);
  const range = await shop.range({ vector: vector(10), minScore: Math.cos(0.15), k: 10 });
  assert.deepEqual([...range.keys].toSorted(), [10n, 11n, 9n].toSorted());
  assert.deepEqual(range.bounded, [false]);
  const scrolled = [];
  for await (const page of shop.scroll({ filter: ItemFilter.in('brand', 'umbra'), pageSize: 4, attributes: ['brand'] }))
    scrolled.push(...page);
  const umbra = items.filter(({ attributes }) => attributes.brand === 'umbra');
  assert.deepEqual(scrolled.map(({ key }) => key), umbra.map(({ key }) => BigInt(key)));
  const described = await shop.describe();
  assert.deepEqual([described.metric, described.dimension, described.count, described.live], ['COSINE', 2, 30, true]);
  assert.deepEqual((await client.list()).map(({ name }) => name), ['shop']);
});

test('texts are read by the encoder of the index', async () => {
  const texts = ['wireless mouse', 'mechanical keyboard'];
  const embedded = await client.call('Retrieval/Embed', { encoder: 'default', texts });
  await client.create({
    index: 'texts', dimension: embedded.vectors.dim, metric: 'COSINE', keyKind: 'STRING',
    encoderFingerprint: embedded.encoderFingerprint,
  });
  const index = client.index('texts');
  const vectors = await index.embed(texts, { areDocuments: true });
  await index.upsert(texts.map((text, i) => ({ key: text, vector: vectors[i] })));
  const answer = await index.search({ text: 'wireles mouse', k: 1, encoderFingerprint: embedded.encoderFingerprint });
  assert.deepEqual(answer.keys, ['wireless mouse']);
  assert.equal((await index.delete(['wireless mouse', 'no such'])).skipped, 1);
  await client.drop('texts');
  await assert.rejects(index.describe(), { code: 'NOT_FOUND' });
});

test('a failure is taken apart', async () => {
  const error = await shop.search({ vector: Float32Array.of(1, 2, 3) }).then(() => undefined, (one) => one);
  assert.ok(error instanceof AnnError && error instanceof Error);
  assert.equal(error.code, 'INVALID_ARGUMENT');
  assert.notEqual(error.reason, '');
  assert.equal(error.fields[0].field, 'queries');
  assert.equal(error.retryAfterMs, undefined);
  await assert.rejects(client.index('nowhere').search({ vector: vector(0) }), { code: 'NOT_FOUND' });
  const precondition = await client.index('shop@0000000000000000').search({ vector: vector(0) }).catch((one) => one);
  assert.equal(precondition.code, 'FAILED_PRECONDITION');
  assert.ok(precondition.preconditions.length > 0);
});

test('what is wrong before it is sent is named', async () => {
  await assert.rejects(shop.search({ vectors: [vector(0), [1]] }), /Vector 1 has 1 components; 2 were expected/);
  await assert.rejects(shop.search({ vector: vector(0), limit: 3 }), /limit is nothing that a search asks/);
  await assert.rejects(client.call('Indexes/Promote', { indx: 'shop' }), /indx is no field of PromoteRequest/);
  await assert.rejects(client.call('Indexes/Nothing', {}), /Indexes\/Nothing/);
  await assert.rejects(
    shop.upsert([{ key: 1, vector: vector(1), attributes: { stock: 1n } }, { key: 2, vector: vector(2), attributes: { stock: 2 } }]),
    /Attribute 'stock' has values of type INT64 and DOUBLE/);
  await assert.rejects(shop.search({ vector: vector(0), timeoutMs: 0 }), /timeoutMs/);
});

test('a signal ends a call', async () => {
  const reason = new Error('the page was left');
  await assert.rejects(shop.search({ vector: vector(0), signal: AbortSignal.abort(reason) }), reason);
  const controller = new AbortController();
  const call = shop.search({ vectors: Array.from({ length: 1024 }, (_, i) => vector(i)), exact: true, signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(call, reason);
});

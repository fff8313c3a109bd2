'use strict';
// node index.js [address] [index] [--watch]
// Shows what a server hosts, searches and embeds, then provokes every error and compares its code with the contract.
// Ends with 0 when every code was the expected one.

const { connect, details, codeName } = require('./client');

const [address = '127.0.0.1:50051', wanted] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const server = connect(address);
let surprises = 0;

/** Rows of random numbers from a fixed seed, as the bytes of float32. */
function randomRows(rows, dim) {
  let state = 20260801;
  const values = new Float32Array(rows * dim);
  for (let i = 0; i < values.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[i] = state / 2 ** 31 - 1;
  }
  return { dtype: 'DTYPE_F32', dim, data: Buffer.from(values.buffer) };
}

async function expectCode(expected, what, promise) {
  let code = 'OK', message = '', extra = '';
  try {
    await promise;
  } catch (error) {
    code = codeName(error.code);
    message = error.details;
    extra = details(error).map(({ type, value }) => `\n      ${type} ${JSON.stringify(value)}`).join('');
  }
  const ok = [expected].flat().includes(code);
  surprises += ok ? 0 : 1;
  console.log(`${ok ? 'ok ' : 'BAD'} ${code} <- ${what}: ${message}${extra}`);
}

function firstHealth(service) {
  return new Promise((resolve, reject) => {
    const watch = server.health.client.Watch({ service });
    watch.on('data', ({ status }) => { resolve(status); watch.cancel(); });
    watch.on('error', (error) => reject(error));
  });
}

async function describe() {
  const { indexes } = await server.indexes.call('List', {});
  for (const index of indexes)
    console.log(`index ${index.name}: ${index.state}, ${index.count} items of ${index.dimension}, ${index.metric}`);
  const name = wanted ?? indexes.find((index) => index.state === 'INDEX_STATE_SERVING')?.name;
  if (!name)
    throw new Error('no index serves; start the server with one');
  const { index } = await server.indexes.call('Describe', { index: name });
  console.log(JSON.stringify(index, null, 2));
  console.log(`health of ${name}: ${await firstHealth(name)}; of the server: ${await firstHealth('')}`);
  return { index, failed: indexes.find((other) => other.state === 'INDEX_STATE_FAILED') };
}

async function search(index) {
  let queries = randomRows(1, index.dimension);
  let fingerprint = {};
  if (index.encoder?.hosted) {
    const text = 'wireles mouse';
    const embedded = await server.retrieval.call('Embed', { index: index.name, texts: [text] });
    console.log(`embedded '${text}' with ${embedded.encoder}: ${embedded.vectors.dim} components`);
    queries = embedded.vectors;
    fingerprint = { encoder_fingerprint: embedded.encoder_fingerprint };
  }
  const found = await server.retrieval.call('Search', { index: index.name, queries, k: 5, ...fingerprint });
  const keys = index.key_kind === 'KEY_KIND_UINT64' ? found.keys.numbers : found.keys.texts;
  console.log(`generation ${found.generation}, ${found.completeness}, rows ${found.row_offsets}`);
  keys.forEach((key, i) => console.log(`  ${i + 1}. ${key}  ${found.scores[i].toFixed(4)}`));
  console.log(`  ${JSON.stringify(found.stats)}`);

  const floats = { values: Array.from(new Float32Array(new Uint8Array(queries.data).buffer)) };
  const readable = await server.retrieval.call('Search', { index: index.name, queries: floats, k: 5 });
  const same = JSON.stringify(readable.keys) === JSON.stringify(found.keys);
  surprises += same ? 0 : 1;
  console.log(`${same ? 'ok ' : 'BAD'} floats and bytes give the same keys`);
}

async function provoke(index, failed) {
  const good = { index: index.name, queries: randomRows(1, index.dimension), k: 5 };
  const trySearch = (change, options) => server.retrieval.call('Search', { ...good, ...change }, options);
  const bad = (what, change) => expectCode('INVALID_ARGUMENT', what, trySearch(change));
  const whole = randomRows(1, index.dimension);

  await bad('wrong dimension', { queries: randomRows(1, index.dimension + 1) });
  await bad('part of a row', { queries: { ...whole, data: whole.data.subarray(1) } });
  await bad('no dtype', { queries: { ...whole, dtype: 'DTYPE_UNSPECIFIED' } });
  await bad('bytes and floats', { queries: { ...whole, values: [1] } });
  await bad('no queries', { queries: null });
  await bad('NaN', { queries: { values: [NaN, ...new Array(index.dimension - 1).fill(0)] } });
  await bad('infinity', { queries: { values: [...new Array(index.dimension - 1).fill(0), Infinity] } });
  if (index.metric === 'METRIC_COSINE')
    await bad('zero vector under cosine', { queries: { values: new Array(index.dimension).fill(0) } });
  await bad('k = 0', { k: 0 });
  await bad('k = 10001', { k: 10001 });
  await bad('ef_search < k', { ef_search: 4 });
  await bad('empty index name', { index: '' });
  await expectCode('INVALID_ARGUMENT', 'no texts', server.retrieval.call('Embed', { encoder: 'default', texts: [] }));
  await expectCode('NOT_FOUND', 'unknown index', trySearch({ index: 'no-such-index' }));
  await expectCode('NOT_FOUND', 'unknown encoder', server.retrieval.call('Embed', { encoder: 'no-such', texts: ['x'] }));
  await expectCode('FAILED_PRECONDITION', 'another generation', trySearch({ index: `${index.name}@0000000000000000` }));
  await expectCode('FAILED_PRECONDITION', 'another encoder', trySearch({ encoder_fingerprint: '1' }));
  await expectCode('RESOURCE_EXHAUSTED', 'a message of 64 MiB',
    trySearch({ queries: { ...whole, data: Buffer.alloc(64 << 20) } }));
  await expectCode('DEADLINE_EXCEEDED', '1 ms for 1,024 exact rows',
    trySearch({ queries: randomRows(1024, index.dimension), exact: true }, { deadline: Date.now() + 1 }));
  await expectCode('CANCELLED', 'a call given up', new Promise((resolve, reject) => {
    const call = server.retrieval.client.Search(
      { ...good, queries: randomRows(1024, index.dimension), exact: true }, (error) => error ? reject(error) : resolve());
    call.cancel();
  }));
  if (failed)
    await expectCode('DATA_LOSS', `damaged index ${failed.name}`, trySearch({ index: failed.name }));
  await burst(trySearch, index);
}

/** More calls at once than run and wait: each is either answered or refused at once. */
async function burst(trySearch, index) {
  const queries = randomRows(32, index.dimension);
  const codes = {};
  let first;
  await Promise.all(Array.from({ length: 1000 }, () => trySearch({ queries, exact: true }).then(
    () => { codes.OK = (codes.OK ?? 0) + 1; },
    (error) => {
      const code = codeName(error.code);
      codes[code] = (codes[code] ?? 0) + 1;
      first ??= `${error.details} ${JSON.stringify(details(error))}`;
    })));
  const ok = Object.keys(codes).every((code) => code === 'OK' || code === 'RESOURCE_EXHAUSTED');
  surprises += ok ? 0 : 1;
  console.log(`${ok ? 'ok ' : 'BAD'} 1,000 calls at once: ${JSON.stringify(codes)} ${first ?? ''}`);
}

/** Follows the health of an index until the server ends the watch: stop the server to see it. */
function follow(index) {
  console.log(`watching ${index.name}; stop the server to see it drain`);
  return new Promise((resolve) => {
    const watch = server.health.client.Watch({ service: index.name });
    watch.on('data', async ({ status }) => {
      console.log(`health of ${index.name}: ${status}`);
      if (status === 'NOT_SERVING') {
        await expectCode('UNAVAILABLE', 'a search while the server stops',
          server.retrieval.call('Search', { index: index.name, queries: randomRows(1, index.dimension), k: 5 }));
      }
    });
    watch.on('error', (error) => { console.log(`the watch failed: ${codeName(error.code)}`); resolve(); });
    watch.on('end', () => { console.log('the watch ended'); resolve(); });
  });
}

async function main() {
  const { index, failed } = await describe();
  await search(index);
  await provoke(index, failed);
  if (process.argv.includes('--watch'))
    await follow(index);
  console.log(surprises === 0 ? 'every code was the expected one' : `${surprises} surprises`);
  process.exit(surprises === 0 ? 0 : 1);
}

main().catch((error) => { console.error(error.message); process.exit(3); });

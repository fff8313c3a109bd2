'use strict';
// node live.js [address] [built file]
// Lives a live index through: creates it, writes by stream and by call, fetches, searches, compacts, and drops it; then provokes the
// errors of writing. With the name of an .ann file in the server's import directory (float rows of dimension 8, L2, number keys) it also
// attaches, promotes, rolls back and detaches a generation. Ends with 0 when every answer was the expected one.

const { connect, details, codeName } = require('./client');

const [address = '127.0.0.1:50051', built] = process.argv.slice(2);
const server = connect(address);
const index = `stranger-${process.pid}`;
const dim = 8;
let surprises = 0;

function expect(what, found, expected) {
  const ok = JSON.stringify(found) === JSON.stringify(expected);
  surprises += ok ? 0 : 1;
  console.log(`${ok ? 'ok ' : 'BAD'} ${what}: ${JSON.stringify(found)}${ok ? '' : `, expected ${JSON.stringify(expected)}`}`);
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
  const ok = code === expected;
  surprises += ok ? 0 : 1;
  console.log(`${ok ? 'ok ' : 'BAD'} ${code} <- ${what}: ${message}${extra}`);
}

/** The row of a key in its n-th version: a point that no other has. */
const row = (key, version = 0) => Array.from({ length: dim }, (_, i) => Math.fround(Math.sin(key * 37 + version * 11 + i * 5)));

const range = (from, count) => Array.from({ length: count }, (_, i) => from + i);

/** Keys and rows as a block or a call takes them. */
function items(keys, version = 0) {
  const data = Buffer.from(Float32Array.from(keys.flatMap((key) => row(key, version))).buffer);
  return { keys: { numbers: keys }, vectors: { dtype: 'DTYPE_F32', dim, data } };
}

/** Streams blocks within the credit that the server grants. Gives the last progress. */
function write(start, blocks) {
  return new Promise((resolve, reject) => {
    const stream = server.ingest.client.Write();
    const sizes = blocks.map((block) => (block.vectors?.data.length ?? 0) + 64 * block.keys.numbers.length);
    let sent = 0, seen = 0, underWay = 0, last = null;
    stream.on('data', (progress) => {
      last = progress;
      for (; seen < sent && blocks[seen].sequence <= Number(progress.visible); seen++)
        underWay -= sizes[seen];
      for (; sent < blocks.length && (underWay === 0 || underWay + sizes[sent] <= Number(progress.credit_bytes)); sent++) {
        underWay += sizes[sent];
        stream.write({ block: blocks[sent] });
      }
      if (sent === blocks.length)
        stream.end();
    });
    stream.on('error', reject);
    stream.on('end', () => resolve(last));
    stream.write({ start: { index, ...start } });
  });
}

async function nearest(key, version, at = index) {
  const queries = { dtype: 'DTYPE_F32', dim, data: Buffer.from(Float32Array.from(row(key, version)).buffer) };
  const found = await server.retrieval.call('Search', { index: at, queries, k: 1 });
  return found.keys.numbers[0];
}

async function live() {
  const created = await server.indexes.call('Create', { index, dimension: dim, metric: 'METRIC_L2' });
  expect('Create', [created.index.name, created.index.state, created.index.live], [index, 'INDEX_STATE_SERVING', true]);

  const blocks = range(0, 20).map((i) => ({ sequence: i + 1, ...items(range(i * 100, 100)) }));
  const progress = await write({ mode: 'WRITE_MODE_UPSERT', producer: 'stranger' }, blocks);
  expect('Write of 20 blocks', [progress.visible, progress.applied, progress.log_position], ['20', '2000', '2000']);
  const again = await write({ mode: 'WRITE_MODE_UPSERT', producer: 'stranger' }, blocks.slice(15));
  expect('five of them again', [again.visible, again.applied, again.retried], ['20', '0', '5']);

  const upserted = await server.ingest.call('Upsert', { index, ...items(range(1990, 20), 1) });
  expect('Upsert', [upserted.applied, upserted.skipped], ['20', '0']);
  const inserted = await server.ingest.call('Upsert', { index, mode: 'WRITE_MODE_INSERT_ONLY', ...items(range(2005, 10), 2) });
  expect('Upsert of new ones only', [inserted.applied, inserted.skipped], ['5', '5']);
  const deleted = await server.ingest.call('Delete', { index, keys: { numbers: [3, 4, 999999] } });
  expect('Delete', [deleted.applied, deleted.skipped], ['2', '1']);
  const erased = await write({ mode: 'WRITE_MODE_DELETE' }, [{ sequence: 1, keys: { numbers: [5] } }]);
  expect('Delete by stream', erased.applied, '1');

  const fetched = await server.retrieval.call('Fetch', { index, keys: { numbers: [1, 3, 1995, 2012] }, with_vectors: true });
  expect('Fetch', [fetched.found.numbers, fetched.missing.numbers], [['1', '1995', '2012'], ['3']]);
  const rows = Array.from(new Float32Array(new Uint8Array(fetched.vectors.data).buffer));
  expect('the rows are those that were written', rows, [...row(1), ...row(1995, 1), ...row(2012, 2)]);
  expect('Search finds what was written last', [await nearest(1995, 1), await nearest(2012, 2)], ['1995', '2012']);

  const compacted = await server.indexes.call('Compact', { index });
  expect('Compact', [compacted.index.count, compacted.index.dead], ['2012', '0']);
  expect('Search of the sealed segment', await nearest(77, 0), '77');
}

async function generations() {
  const before = (await server.indexes.call('Describe', { index })).index.generation;
  const { generation } = await server.indexes.call('Attach', { index, file: built });
  expect('Attach', [generation.role, generation.failure], ['GENERATION_ROLE_STANDBY', '']);
  await expectCode('ALREADY_EXISTS', 'attaching it again', server.indexes.call('Attach', { index, file: built }));
  await expectCode('FAILED_PRECONDITION', 'a gate that nothing passes',
    server.indexes.call('Promote', { index, generation: generation.id, max_p99_ms: 1e-3 }));
  const serving = async () => (await server.indexes.call('Describe', { index })).index.generation;
  await server.indexes.call('Promote', { index, generation: generation.id, force: true });
  expect('Promote', await serving(), generation.id);
  expect('a write before it is there', await nearest(1995, 1, `${index}@${generation.id}`), '1995');
  await server.indexes.call('Rollback', { index });
  expect('Rollback', await serving(), before);
  await server.indexes.call('Detach', { index, generation: generation.id });
  await expectCode('NOT_FOUND', 'promoting it then', server.indexes.call('Promote', { index, generation: generation.id }));
}

async function provoke() {
  const upsert = (change) => server.ingest.call('Upsert', { index, ...items([1]), ...change });
  await expectCode('ALREADY_EXISTS', 'a name that is taken', server.indexes.call('Create', { index, dimension: dim, metric: 'METRIC_L2' }));
  await expectCode('INVALID_ARGUMENT', 'no metric', server.indexes.call('Create', { index: `${index}-2`, dimension: dim }));
  await expectCode('INVALID_ARGUMENT', 'wrong dimension', upsert({ vectors: { values: [1, 2] } }));
  await expectCode('INVALID_ARGUMENT', 'NaN', upsert({ vectors: { values: new Array(dim).fill(NaN) } }));
  await expectCode('INVALID_ARGUMENT', 'keys of another kind', upsert({ keys: { texts: ['a'] } }));
  await expectCode('INVALID_ARGUMENT', 'a producer without sequence', upsert({ producer: 'p' }));
  await expectCode('FAILED_PRECONDITION', 'another encoder', upsert({ encoder_fingerprint: '1' }));
  await expectCode('FAILED_PRECONDITION', 'no such generation', upsert({ index: `${index}@0000000000000001` }));
  await expectCode('NOT_FOUND', 'an unknown index', upsert({ index: 'no-such-index' }));
  await expectCode('INVALID_ARGUMENT', 'a stream without mode', write({}, []));
  await expectCode('INVALID_ARGUMENT', 'a sequence that falls',
    write({ mode: 'WRITE_MODE_UPSERT' }, [{ sequence: 2, ...items([1]) }, { sequence: 1, ...items([1]) }]));
  await expectCode('NOT_FOUND', 'attaching no file', server.indexes.call('Attach', { index, file: 'no-such-file.ann' }));
  await expectCode('INVALID_ARGUMENT', 'attaching a path', server.indexes.call('Attach', { index, file: '../a.ann' }));
  await expectCode('FAILED_PRECONDITION', 'a rollback to nothing', server.indexes.call('Rollback', { index }));
}

async function main() {
  await live();
  if (built)
    await generations();
  await provoke();
  await server.indexes.call('Drop', { index });
  await expectCode('NOT_FOUND', 'a search after Drop', nearest(1, 0));
  console.log(surprises === 0 ? 'every answer was the expected one' : `${surprises} surprises`);
  process.exit(surprises === 0 ? 0 : 1);
}

main().catch((error) => { console.error(error); process.exit(3); });

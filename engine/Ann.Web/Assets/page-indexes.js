// All indexes at a look.

import { listIndexes, look } from './calls.js';
import { add, badge, empty, facts, h, head, notice, panel, put, table } from './dom.js';
import { bytes, count, figure, metric, milliseconds, perSecond, recall, short, word } from './format.js';
import { every } from './poll.js';

const PAUSE_MS = 5000;

/** How a state looks. */
export const stateBadge = state => {
  const text = word(state, 'INDEX_STATE_');
  return badge(text, { serving: 'good', loading: 'warn', failed: 'bad' }[text]);
};

/** Live recall of what serves, all kinds of queries together; null where none was measured. */
export function recallOf(index) {
  const facts = (index.liveRecall ?? []).filter(one => one.generation === index.generation);
  const samples = facts.reduce((sum, one) => sum + one.samples, 0);
  return samples ? { value: facts.reduce((sum, one) => sum + one.recall * one.samples, 0) / samples, samples } : null;
}

const link = index => h('a', { href: `/console/indexes/${encodeURIComponent(index.name)}`, 'data-link': true, class: 'wrap' }, index.name);

const columns = [
  { title: 'Index', head: true, cell: link },
  { title: 'State', cell: index => h('span', { class: 'row' }, stateBadge(index.state), index.live ? null : badge('file', 'plain')) },
  { title: 'Generation', cell: index => index.generation && h('code', { title: index.generation }, short(index.generation)) },
  { title: 'Items', num: true, cell: index => count(index.count) },
  { title: 'Vectors', cell: index => index.dimension ? `${count(index.dimension)} · ${metric(index.metric)}` : '' },
  { title: 'Memory', num: true, cell: index => bytes(index.loadedBytes) },
  { title: 'Files', num: true, cell: index => bytes(index.sizeInBytes) },
  {
    title: 'Live recall', num: true, cell: index => {
      const known = recallOf(index);
      return known
        ? h('span', { title: `${known.samples} queries measured` }, recall(known.value))
        : h('span', { class: 'soft' }, 'not measured');
    },
  },
  {
    title: 'Queries by', cell: index => index.queryEncoder
      ? h('span', { class: 'wrap' }, index.queryEncoder.name)
      : h('span', { class: 'soft' }, 'vectors'),
  },
];

/** Sums of the list, and figures of the server where the caller may look at them. */
function summary(list, figures) {
  const serving = list.indexes.filter(index => index.state === 'INDEX_STATE_SERVING').length;
  const items = list.indexes.reduce((sum, index) => sum + Number(index.count ?? 0), 0);
  const last = figures?.points.at(-1);
  const share = !figures || figures.indexLimitBytes > 1e15 ? null : (last?.indexBytes ?? 0) / figures.indexLimitBytes;
  return facts([
    ['Serving', [`${serving} of ${list.indexes.length}`, h('span', { class: 'note' }, 'indexes')]],
    ['Items', [count(items), h('span', { class: 'note' }, 'in what serves')]],
    figures && ['Index memory', [bytes(last?.indexBytes),
      h('span', { class: 'note' }, share === null ? 'no budget' : `${figure(share * 100)} % of ${bytes(figures.indexLimitBytes)}`)]],
    figures && ['Reads', [`${figure(perSecond(last, 'reads'))}/s`, h('span', { class: 'note' }, `p99 ${milliseconds(last?.readP99Ms)}`)]],
    figures && ['Writes', [`${figure(perSecond(last, 'writes'))}/s`,
      h('span', { class: 'note' }, `p99 ${milliseconds(last?.writeP99Ms)}`)]],
  ].filter(Boolean), 'figures');
}

export async function show(main, { signal }) {
  const strip = h('div', { class: 'panel' });
  const rows = h('div', {});
  const failure = h('div', {});
  add(main, [
    head('Indexes', 'What this server hosts, and how it fares.'),
    failure, strip, panel('All indexes', {}, rows)]);
  let shown = '';
  let mayLook = true;
  const hidden = error => {
    if (error.status !== 403)
      throw error;
    mayLook = false; // metrics are for others (MetricsAccess); the list is not
  };
  await every(PAUSE_MS, signal, async () => {
    const [list, figures] = await Promise.all([
      listIndexes({ signal }), mayLook ? look('figures', {}, { signal }).catch(hidden) : null,
    ]);
    put(failure);
    put(strip, summary(list, figures));
    const text = JSON.stringify(list);
    if (text === shown || rows.contains(document.activeElement))
      return;
    shown = text;
    put(rows, list.indexes.length === 0
      ? empty('No index yet. Make one with ', h('code', {}, 'ann create'), ', or name .ann files to ', h('code', {}, 'ann serve'), '.')
      : table('Indexes', columns, list.indexes),
    list.indexes.filter(index => index.failure).map(index =>
      h('div', { class: 'body' }, notice('bad', `${index.name}: ${index.failure}`))));
  }, error => put(failure, notice('bad', error.message)));
}

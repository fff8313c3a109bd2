// Slow queries: the latest of them, and one with what was asked and how to ask it again.

import { look } from './calls.js';
import { add, badge, empty, facts, field, h, head, notice, panel, put, select, table, tell } from './dom.js';
import { bytes, count, figure, milliseconds, word } from './format.js';
import { vectorOf } from './items.js';
import { phaseBar, phaseLegend } from './phases.js';
import { every } from './poll.js';

const PAUSE_MS = 5000;

const orders = {
  newest: ['newest first', (a, b) => b.number - a.number],
  slowest: ['slowest first', (a, b) => b.query.durationMs - a.query.durationMs],
  waiting: ['longest wait first', (a, b) => (b.query.costs?.queueMs ?? 0) - (a.query.costs?.queueMs ?? 0)],
};

/** Refusals of a role, in words that say which. */
const reason = error => error.status === 403
  ? 'Slow queries hold what others asked: they are shown to callers with the role admin on the index that was asked.'
  : error.message;

/** 14:03:20, with the date where it is another day. */
function when(text) {
  const time = new Date(text);
  return time.toDateString() === new Date().toDateString() ? time.toLocaleTimeString('en-GB') : time.toLocaleString('en-GB');
}

const methodOf = query => query.method.split('/').at(-1);
const planOf = query => query.plan?.replaceAll('_', ' ');

function answerOf(query) {
  if (query.status !== 'OK')
    return badge(word(query.status, ''), 'bad');
  const whole = query.completeness?.replaceAll('_', ' ');
  return !whole || whole === 'complete' ? whole ?? 'ok' : badge(whole, 'warn');
}

const columns = [
  {
    title: 'Time', head: true,
    cell: ({ number, query }) => h('a', { href: `/console/slow?number=${number}`, 'data-link': true, title: query.time }, when(query.time)),
  },
  { title: 'Index', cell: ({ query }) => query.index && h('span', { class: 'wrap' }, query.index) },
  { title: 'Method', cell: ({ query }) => methodOf(query) },
  { title: 'Took', num: true, cell: ({ query }) => milliseconds(query.durationMs) },
  { title: 'Where it went', cell: ({ query }) => phaseBar(query) },
  { title: 'k', num: true, cell: ({ query }) => query.k && count(query.k) },
  { title: 'Plan', cell: ({ query }) => planOf(query) },
  { title: 'Answer', cell: ({ query }) => answerOf(query) },
  { title: 'Caller', cell: ({ query }) => query.caller && h('span', { class: 'wrap' }, query.caller) },
];

function turnedOff() {
  return h('div', { class: 'panel' }, h('div', { class: 'body stack' },
    h('p', {}, 'This server keeps no slow queries. Start it with a file for them, and with the time from which a call is slow:'),
    h('pre', { tabindex: 0 }, 'ann serve --console --slow-query-file slow.jsonl --slow-query-ms 100'),
    h('p', { class: 'soft' }, 'The file holds what was asked, and nothing of who asked but the name of the credential.')));
}

async function list(main, { signal, query: asked }) {
  const lede = h('span', {}, 'Read calls that took long.');
  const failure = h('div', {});
  const rows = h('div', {});
  const index = select({ onchange: () => draw() }, [['', 'all']], '');
  const order = select({ onchange: () => draw() }, Object.entries(orders).map(([name, [text]]) => [name, text]),
    orders[asked.get('order')] ? asked.get('order') : 'newest');
  const shown = panel('Latest calls', {}, h('div', { class: 'body stack' },
    h('div', { class: 'fields wide' }, field('Index', index), field('Order', order)), phaseLegend()), rows);
  const place = h('div', {});
  add(main, [head('Slow queries', lede), failure, place]);
  let report = null;
  let known = '';
  let wanted = asked.get('index') ?? '';

  function draw() {
    const names = [...new Set(report.queries.map(one => one.query.index).filter(Boolean))].sort();
    if (document.activeElement === index)
      wanted = index.value;
    else if (`${names}` !== known)
      put(index, h('option', { value: '' }, 'all'), [...new Set([...names, wanted])].filter(Boolean).sort().map(
        name => h('option', { value: name, selected: name === wanted }, name)));
    known = `${names}`;
    const kept = report.queries.filter(one => !wanted || one.query.index === wanted).sort(orders[order.value][1]);
    history.replaceState(null, '', `/console/slow?${new URLSearchParams({ index: wanted, order: order.value })}`);
    put(rows, kept.length === 0
      ? empty(report.queries.length === 0 ? 'None since the server began to serve.' : 'None of this index.')
      : table('Slow queries', columns.filter(column => column.title !== 'Caller' || kept.some(one => one.query.caller)), kept));
  }

  let last = '';
  await every(PAUSE_MS, signal, async () => {
    const next = await look('slow', {}, { signal });
    put(failure);
    const text = JSON.stringify(next);
    if (text === last || rows.contains(document.activeElement))
      return;
    last = text;
    report = next;
    if (!report.isOn) {
      put(place, turnedOff());
      return;
    }
    put(lede, report.thresholdMs > 0 ? `Read calls that took ${figure(report.thresholdMs)} ms and longer` : 'All read calls',
      `, the last ${count(report.most)} since the server began; `, h('code', { class: 'wrap' }, report.file), ' has those before.');
    if (!place.contains(shown))
      put(place, shown);
    draw();
  }, error => put(failure, notice('bad', reason(error))));
}

/** JSON to read: long texts, such as vectors, are cut and say how long they are. */
const readable = request => JSON.stringify(request, (_, value) =>
  typeof value === 'string' && value.length > 160 ? `${value.slice(0, 64)}… (${count(value.length)} characters)`
    : Array.isArray(value) && value.length > 100 ? [...value.slice(0, 32), `… (${count(value.length)} entries)`] : value, 2);

/** A button that copies a text, where the browser lets pages do so: over TLS, and on this machine. */
function copyButton(name, text) {
  const button = h('button', {
    type: 'button', onclick: async () => {
      await navigator.clipboard.writeText(text);
      button.textContent = 'Copied';
      tell('Copied');
    },
  }, name);
  return navigator.clipboard ? button : null;
}

/** Why the playground cannot ask it; null where it can. */
function whyNotAsked({ query, request }) {
  if (!request)
    return 'Its request is not kept here any more; the file may have it.';
  if (methodOf(query) !== 'Search')
    return `The playground asks searches; this is ${methodOf(query)}.`;
  return request.texts?.length === 1 || vectorOf(request) ? null : 'The playground asks with one text, or one vector of float32.';
}

async function one(main, { signal, query: asked }) {
  const number = asked.get('number');
  const crumb = h('p', { class: 'crumb' }, h('a', { href: '/console/slow', 'data-link': true }, 'Slow queries'), ' / ');
  let found;
  try {
    found = await look(`slow/${encodeURIComponent(number)}`, {}, { signal });
  } catch (error) {
    if (error.name === 'AbortError')
      throw error;
    add(main, [h('div', { class: 'head' }, h('div', { class: 'grow' }, crumb, h('h1', {}, 'A slow query'))), notice('bad', reason(error))]);
    return;
  }
  const { query, request, file } = found;
  const replay = `ann replay ${file} --at ${query.time}`;
  const why = whyNotAsked(found);
  add(main, [
    h('div', { class: 'head' }, h('div', { class: 'grow' }, crumb,
      h('h1', {}, `${methodOf(query)}${query.index ? ` of ${query.index}` : ''}`),
      h('p', { class: 'lede' }, `${new Date(query.time).toLocaleString('en-GB')}, ${milliseconds(query.durationMs)}`)),
    why === null && h('a', { href: `/console/query?slow=${number}`, 'data-link': true }, 'Ask again')),
    panel('Where the time went', {}, h('div', { class: 'body stack' }, phaseBar(query), phaseLegend(query),
      !query.costs && h('p', { class: 'small soft' }, 'Only answers of searches tell their parts.'))),
    panel('The call', {}, h('div', { class: 'body' }, facts([
      ['Answer', answerOf(query)], ['Deadline', query.deadlineMs && milliseconds(query.deadlineMs)],
      ['Generation', query.generation && h('code', {}, query.generation)], ['Plan', planOf(query)], ['k', query.k && count(query.k)],
      ['ef', query.costs && (query.costs.efSearch ? count(query.costs.efSearch) : 'all rows')],
      ['Distances', query.costs && count(query.costs.visited)],
      ['Brown-out step', query.costs?.brownOut ? count(query.costs.brownOut) : null],
      ['Caller', query.caller], ['Tag', query.requestTag], ['Trace', query.traceId && h('code', {}, query.traceId)],
      ['Request', bytes(query.requestBytes)]]))),
    panel('Send it again', {}, h('div', { class: 'body stack' },
      why === null ? h('p', {}, h('a', { href: `/console/query?slow=${number}`, 'data-link': true }, 'Ask again in the playground'),
        ', or, where the file is:') : h('p', {}, `${why} Where the file is:`),
      h('pre', { tabindex: 0 }, replay), h('div', { class: 'row' }, copyButton('Copy the command', replay)))),
    panel('Request', { note: 'As REST takes it, with vectors in the place of texts.' }, h('div', { class: 'body stack' },
      request ? [h('pre', { class: 'tall', tabindex: 0 }, readable(request)),
        h('div', { class: 'row' }, copyButton('Copy all of it', JSON.stringify(request)))]
        : empty('It is not kept: it was too large, or many came after it.')))]);
}

export const show = (main, page) => page.query.get('number') ? one(main, page) : list(main, page);

// One index: what it is, its generations and certificates, and the change of generations.

import { CallError, call, describe } from './calls.js';
import { certificates } from './certificate.js';
import { add, badge, empty, facts, field, freshId, h, notice, panel, put, table, tell } from './dom.js';
import { bytes, count, figure, fingerprint, metric, milliseconds, recall, short, word } from './format.js';
import { stateBadge } from './page-indexes.js';
import { every } from './poll.js';

const PAUSE_MS = 5000;

const encoder = one => one && h('span', {}, `${one.name} `, h('code', { class: 'soft' }, fingerprint(one.fingerprint)),
  one.hosted ? null : ' (not hosted here)');

function whatItIs(index) {
  const log = index.log;
  return facts([
    ['Items', count(index.count)],
    ['Deleted rows', index.live ? count(index.dead) : null],
    ['Vectors', `${count(index.dimension)} components, ${metric(index.metric)}`],
    ['Keys', word(index.keyKind, 'KEY_KIND_') === 'uint64' ? 'numbers' : 'texts'],
    ['Layout and codes', `${word(index.layout, 'LAYOUT_')}, ${word(index.codes, 'CODES_')}`],
    ['Graph', `M ${index.build?.m}, efConstruction ${index.build?.efConstruction}`],
    ['Segments', count(index.segments)],
    ['Memory', bytes(index.loadedBytes)],
    ['Files', bytes(index.sizeInBytes)],
    ['Log', log ? `${count(log.first)} to ${count(log.durable)}, ${bytes(log.bytes)}` : null],
    ['Encoder of rows', encoder(index.encoder)],
    ['Encoder of queries', encoder(index.queryEncoder)],
    ['Built from', index.build?.source],
  ]);
}

function roleBadge(role) {
  const text = word(role, 'GENERATION_ROLE_');
  return badge(text, { serving: 'good', standby: '', 'catching up': 'warn', damaged: 'bad' }[text]);
}

/** What the gate measured of a change. */
function gateFacts(change) {
  return facts([
    ['Serves now', h('code', {}, change.serving)],
    ['Served before', h('code', {}, change.replaced)],
    ['Recall@10', recall(change.recall)],
    ['Overlap with before', change.overlap === undefined ? 'not measured' : recall(change.overlap)],
    ['p99 of a search', milliseconds(change.p99Ms)],
    ['Measured with', `${count(change.queries)} real queries, ${count(change.sampledRows)} rows`],
    ['Missed keys', count(change.missedKeys)],
    ['Forced', change.forced ? 'yes' : null],
  ]);
}

function liveRecall(index) {
  const known = index.liveRecall ?? [];
  if (known.length === 0)
    return empty('Nothing measured yet: a share of the real queries is asked again exactly when the server is idle.');
  return table('Live recall', [
    { title: 'Generation', head: true, cell: one => h('code', {}, short(one.generation)) },
    { title: 'Filter', cell: one => one.filterClass },
    { title: 'k ≤', num: true, cell: one => count(one.k) },
    { title: 'Recall', num: true, cell: one => recall(one.recall) },
    { title: '95 % interval', num: true, cell: one => `${recall(one.recallLow)}–${recall(one.recallHigh)}` },
    { title: 'Queries', num: true, cell: one => count(one.samples) },
    { title: 'ef factor', num: true, cell: one => figure(one.efFactor) },
  ], known);
}

/** Asks before an act, and does it; what the server refuses stays in the dialog. */
function ask(title, text, fields, verb, act) {
  const id = freshId();
  const refused = h('div', {});
  const confirm = h('button', { class: 'strong' }, verb);
  const dialog = h('dialog', { 'aria-labelledby': id, onclose: () => dialog.remove() },
    h('form', {
      onsubmit: async event => {
        event.preventDefault();
        confirm.disabled = true;
        put(refused, h('p', { class: 'soft' }, 'Measuring and changing…'));
        try {
          await act();
          dialog.close();
        } catch (error) {
          const reasons = error instanceof CallError ? error.violations.map(one => one.description) : [];
          put(refused, notice('bad', reasons.length > 1 ? 'The server refused:' : error.message,
            reasons.length > 1 && h('ul', {}, reasons.map(one => h('li', {}, one)))));
        }
        confirm.disabled = false;
      },
    },
    h('h2', { id }, title), h('p', { class: 'soft' }, text), fields, refused,
    h('div', { class: 'row' }, h('button', { type: 'button', onclick: () => dialog.close() }, 'Cancel'), confirm)));
  document.body.append(dialog);
  dialog.showModal();
}

function numberField(label, hint, attributes) {
  const input = h('input', { type: 'number', inputmode: 'decimal', step: 'any', ...attributes });
  return [input, field(label, input, hint)];
}

export async function show(main, { signal, name }) {
  const head = h('div', { class: 'head' });
  const troubles = h('div', { class: 'stack' });
  const about = h('div', { class: 'body' });
  const generations = h('div', {});
  const outcome = h('div', { class: 'stack', 'aria-live': 'polite' });
  const recallRows = h('div', {});
  const measured = h('div', { class: 'stack' });
  const attributes = h('div', {});
  const rollBack = h('button', { type: 'button', onclick: () => askRollBack() }, 'Roll back…');
  const attach = h('button', { type: 'button', onclick: () => askAttach() }, 'Attach…');
  const generationPanel = panel('Generations', { actions: [attach, rollBack] }, generations);
  add(main, [head, troubles, outcome, panel('What it is', {}, about), generationPanel, measured,
    h('div', { class: 'columns' }, panel('Live recall', { note: 'Recall of real queries, against exact search.' }, recallRows),
      panel('Attributes', {}, attributes))]);

  let shown = '';
  let certificatesOf = '';
  const refresh = async () => {
    const { index } = await describe(name, { signal });
    put(troubles, troubleOf(index).map(text => notice('bad', text)));
    const text = JSON.stringify(index);
    if (text === shown)
      return;
    shown = text;
    put(head, h('div', { class: 'grow' },
      h('p', { class: 'crumb' }, h('a', { href: '/console', 'data-link': true }, 'Indexes'), ' / '),
      h('div', { class: 'row' }, h('h1', {}, index.name), stateBadge(index.state))),
    index.state === 'INDEX_STATE_SERVING' && h('a', {
      href: `/console/query?index=${encodeURIComponent(index.name)}`, 'data-link': true,
    }, 'Query this index'));
    put(about, whatItIs(index));
    generationPanel.hidden = !index.live;
    if (index.live && !generations.contains(document.activeElement))
      put(generations, generationTable(index));
    put(recallRows, liveRecall(index));
    put(attributes, (index.attributes ?? []).length === 0 ? empty('Its items have none.') : table('Attributes', [
      { title: 'Name', head: true, cell: one => one.name },
      { title: 'Type', cell: one => word(one.type, 'ATTRIBUTE_TYPE_') },
    ], index.attributes));
    const sound = (index.generations ?? []).filter(one => one.role !== 'GENERATION_ROLE_DAMAGED');
    const versions = index.live ? sound.map(one => one.id) : [index.generation];
    const wanted = `${versions}`;
    if (wanted !== certificatesOf && index.state === 'INDEX_STATE_SERVING') {
      certificatesOf = wanted;
      put(measured, await certificates(name, versions, signal));
    }
  };

  const troubleOf = index => [index.failure, index.log?.writeFailure && `Nothing can be written: ${index.log.writeFailure}`,
    index.log?.compactionFailure && `Sealing and compacting do not get on: ${index.log.compactionFailure}`].filter(Boolean);

  const generationTable = index => table('Generations', [
    { title: 'Generation', head: true, cell: one => h('code', { class: 'wrap' }, one.id) },
    { title: 'Role', cell: one => roleBadge(one.role) },
    { title: 'Items', num: true, cell: one => count(one.items) },
    { title: 'Deleted', num: true, cell: one => count(one.dead) },
    { title: 'Segments', num: true, cell: one => count(one.segments) },
    { title: 'Memory', num: true, cell: one => bytes(one.memoryBytes) },
    { title: 'Files', num: true, cell: one => bytes(one.fileBytes) },
    { title: 'Log seen', num: true, cell: one => count(one.appliedPosition) },
    { title: 'Missed keys', num: true, cell: one => count(one.missedKeys) },
    { title: 'Queries by', cell: one => one.queryEncoder?.name ?? '' },
    {
      title: '', cell: one => one.role === 'GENERATION_ROLE_SERVING' ? '' : h('span', { class: 'row' },
        one.role !== 'GENERATION_ROLE_DAMAGED' && h('button', {
          type: 'button', 'aria-label': `Promote generation ${one.id}`, onclick: () => askPromote(one.id),
        }, 'Promote…'),
        h('button', {
          type: 'button', class: 'link', 'aria-label': `Detach generation ${one.id}`, onclick: () => askDetach(one.id),
        }, 'Detach…')),
    },
  ], index.generations);

  async function done(text, details) {
    put(outcome, notice('good', h('strong', {}, text), details));
    tell(text);
    shown = '';
    document.activeElement?.blur();
    await refresh();
    outcome.scrollIntoView({ block: 'nearest' });
    main.focus({ preventScroll: true });
  }

  function askPromote(id) {
    const [minRecall, recallField] = numberField('Recall@10, at least', '0 to 1; empty asks for none', { min: 0, max: 1, value: '0.95' });
    const [minOverlap, overlapField] = numberField('Overlap, at least', 'with what serves now', { min: 0, max: 1 });
    const [maxP99, p99Field] = numberField('p99, at most', 'milliseconds', { min: 0 });
    const force = h('input', { type: 'checkbox' });
    ask(`Promote ${short(id)}?`,
      `It is measured first. If every demand is met it answers what is asked of ${name}, at once and without a failed call.`,
      [h('div', { class: 'fields' }, recallField, overlapField, p99Field),
        h('label', { class: 'check' }, force, 'Promote whatever the figures say')],
      'Measure and promote', async () => {
        const body = { generation: id, force: force.checked };
        if (minRecall.value)
          body.minRecall = Number(minRecall.value);
        if (minOverlap.value)
          body.minOverlap = Number(minOverlap.value);
        if (maxP99.value)
          body.maxP99Ms = Number(maxP99.value);
        const { promotion } = await call(name, 'promote', body);
        await done(`Generation ${short(promotion.serving)} serves now.`, gateFacts(promotion));
      });
  }

  function askRollBack() {
    ask('Roll back?', `The generation that served before answers what is asked of ${name} again. A second rollback undoes the first.`, null,
      'Roll back', async () => {
        const { promotion } = await call(name, 'rollback', {});
        await done(`Generation ${short(promotion.serving)} serves again.`, gateFacts(promotion));
      });
  }

  function askAttach() {
    const file = h('input', { required: true, spellcheck: 'false', autocomplete: 'off', maxlength: 132 });
    ask('Attach a generation', 'A built file or a release in the server’s import directory. It is copied, and catches up with the log.',
      field('File or release', file, 'its name, without directories'), 'Attach', async () => {
        const { generation } = await call(name, 'attach', { file: file.value.trim() });
        await done(`Generation ${short(generation.id)} is attached.`);
      });
  }

  function askDetach(id) {
    ask(`Detach ${short(id)}?`, 'Its files are deleted. To have it back it must be attached again.', null, 'Detach', async () => {
      await call(name, 'detach', { generation: id });
      await done(`Generation ${short(id)} is gone.`);
    });
  }

  await every(PAUSE_MS, signal, refresh, error => put(troubles, notice('bad', error.message)));
}

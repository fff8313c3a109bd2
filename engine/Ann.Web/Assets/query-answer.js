// Answers of the playground: one, or two generations side by side; and explanations.

import { badge, empty, facts, field, h, notice, panel, put, table, tell } from './dom.js';
import { count, figure, milliseconds, recall, short, word } from './format.js';
import { attributeColumns, resultsOf } from './items.js';

const scoreOf = row => row.score.toFixed(4);

function costs({ answer, tookMs }) {
  const stats = answer.stats ?? {};
  const whole = word(answer.completeness, 'COMPLETENESS_');
  return h('div', { class: 'body' }, facts([
    ['Search', milliseconds(Number(stats.searchUs ?? 0) / 1000)],
    ['Encoding', Number(stats.encodeUs ?? 0) > 0 ? milliseconds(Number(stats.encodeUs) / 1000) : null],
    ['Waited', milliseconds(Number(stats.queueUs ?? 0) / 1000)],
    ['Round trip', milliseconds(tookMs)],
    ['Plan', word(stats.plan, 'PLAN_')],
    ['ef', stats.efSearch ? count(stats.efSearch) : 'all rows'],
    ['Distances', count(stats.visited)],
    ['Estimated recall', recall(stats.estimatedRecall)],
    ['Answer', whole === 'complete' ? whole : badge(whole, 'warn')],
    ['Generation', h('code', { title: answer.generation }, short(answer.generation))],
  ], 'facts dense'));
}

const asCall = ({ asCall: text }) => h('div', { class: 'body' },
  h('details', {}, h('summary', {}, 'As a call'), h('pre', { tabindex: 0 }, text)));

/** Asks why an item is in the answer, or why not. */
function whyNot(title, place, explain) {
  const key = h('input', { required: true, autocomplete: 'off', spellcheck: 'false', class: 'mono' });
  const told = h('div', { class: 'stack', 'aria-live': 'polite' });
  const run = async text => {
    key.value = text;
    put(told, h('p', { class: 'soft' }, 'Looking…'));
    try {
      put(told, await explain(place, text));
    } catch (error) {
      put(told, notice('bad', error.message));
    }
  };
  const shown = panel(title, { note: 'Runs exact searches: for people, not for traffic.' },
    h('div', { class: 'body stack' },
      h('form', { class: 'row', onsubmit: event => { event.preventDefault(); run(key.value.trim()); } },
        field('Key of the item', key), h('button', { class: 'low' }, 'Explain')), told));
  return {
    shown, run: async text => {
      await run(text);
      shown.scrollIntoView({ block: 'nearest' });
    },
  };
}

const rowButton = (text, label, onclick) => h('button', { type: 'button', class: 'link', 'aria-label': label, onclick }, text);

const names = ({ answer }) => (answer.attributes ?? []).map(column => column.name);

/** One answer. */
export function single(asked, explain, similar) {
  const rows = resultsOf(asked.answer, asked.index);
  const why = whyNot('Why not this item?', asked.place, explain);
  return [
    panel('Answer', { note: `${rows.length} ${rows.length === 1 ? 'result' : 'results'}` }, costs(asked),
      rows.length === 0 ? empty('Nothing may be returned.') : table('Results', [
        { title: '#', wide: true, cell: row => row.place },
        { title: 'Key', head: true, cell: row => h('code', { class: 'wrap' }, row.key) },
        { title: 'Score', num: true, cell: scoreOf },
        ...attributeColumns(names(asked)),
        {
          title: '', cell: row => h('span', { class: 'row' },
            rowButton('Why?', `Why ${row.key}?`, () => why.run(row.key)),
            rowButton('Similar', `Similar to ${row.key}`, () => similar(row.key))),
        },
      ], rows), asCall(asked)),
    why.shown];
}

/** Two answers side by side, and what both have. */
export function compared(answers, explain) {
  const lists = answers.map(asked => resultsOf(asked.answer, asked.index));
  const places = lists.map(rows => new Map(rows.map(row => [row.key, row.place])));
  const both = lists[0].filter(row => places[1].has(row.key)).length;
  const same = lists[0].filter(row => places[1].get(row.key) === row.place).length;
  const most = Math.max(lists[0].length, lists[1].length, 1);
  tell(`${both} of ${most} in both`);
  const whys = answers.map(asked =>
    whyNot(`Why not this item of ${short(asked.answer.generation)}?`, asked.place, explain));
  return [
    h('div', { class: 'panel' }, facts([
      ['In both', [`${both} of ${most}`, h('span', { class: 'note' }, `overlap ${figure(both / most * 100)} %`)]],
      ['Same place', [count(same), h('span', { class: 'note' }, 'in both lists')]],
    ], 'figures')),
    h('div', { class: 'columns' }, answers.map((asked, side) => h('div', { class: 'stack' },
      panel(`Generation ${short(asked.answer.generation)}`, {}, costs(asked),
        lists[side].length === 0 ? empty('Nothing may be returned.') : table(`Results of ${short(asked.answer.generation)}`, [
          { title: '#', wide: true, cell: row => row.place },
          { title: 'Key', head: true, cell: row => h('code', { class: 'wrap' }, row.key) },
          { title: 'Score', num: true, cell: scoreOf },
          { title: 'There', cell: row => beside(row, places[1 - side]) },
          ...attributeColumns(names(asked).slice(0, 2)),
          {
            title: '', cell: row => rowButton('Why?', `Why ${row.key}?`, () => whys[side].run(row.key)),
          },
        ], lists[side]), asCall(asked)), whys[side].shown)))];
}

function beside(row, there) {
  const place = there.get(row.key);
  return place === undefined ? badge('only here', 'warn') : place === row.place ? h('span', { class: 'soft' }, 'same') : `# ${place}`;
}

/** What an explanation says. */
export function explained(key, found) {
  const verdict = word(found.verdict, 'VERDICT_');
  return h('div', { class: 'notice' }, h('div', { class: 'stack' },
    h('div', { class: 'row' }, h('strong', {}, 'Item ', h('code', {}, key)),
      badge(verdict, { returned: 'good', 'missed by walk': 'warn', unreachable: 'bad' }[verdict] ?? '')),
    h('p', {}, found.explanation),
    facts([
      ['Score', found.score?.toFixed(4)],
      ['Rank by exact search', found.exactRank && count(found.exactRank)],
      ['Place in the answer', found.position && count(found.position)],
      ['False of it', (found.failedClauses ?? []).join('; ')],
      ['Excluded by', (found.excludedBy ?? []).join(', ')],
      ['Beam that finds it', found.neededEf && count(found.neededEf)],
    ])));
}

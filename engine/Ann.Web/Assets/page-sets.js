// Named sets of keys, which searches exclude by name.

import { listIndexes, look } from './calls.js';
import { add, empty, field, h, head, notice, panel, put, select, table } from './dom.js';
import { count } from './format.js';

export async function show(main, { signal, query }) {
  const { indexes } = await listIndexes({ signal });
  const serving = indexes.filter(index => index.state === 'INDEX_STATE_SERVING');
  const rows = h('div', { 'aria-live': 'polite' });
  const which = select({ onchange: () => load() }, serving.map(one => [one.name]), query.get('index') ?? serving[0]?.name);
  const prefix = h('input', { type: 'search', spellcheck: 'false', autocomplete: 'off', oninput: () => load() });
  add(main, [
    head('Sets', 'Named sets of keys that searches leave out, such as what a user has seen.'),
    panel('Sets of an index', {}, h('div', { class: 'body' },
      h('div', { class: 'fields' }, field('Index', which), field('Names that begin with', prefix))), rows)]);
  if (serving.length === 0)
    put(rows, empty('No index serves now.'));
  else
    await load();

  async function load() {
    try {
      const { total, sets } = await look('sets', { index: which.value, prefix: prefix.value }, { signal });
      put(rows, sets.length === 0 ? empty(total === 0 ? 'This index has no sets.' : 'None begins so.') : table('Sets', [
        { title: 'Set', head: true, cell: one => h('span', { class: 'wrap' }, one.name) },
        { title: 'Keys', num: true, cell: one => count(one.size) },
        { title: 'Forgotten', cell: one => one.expires ? new Date(one.expires).toLocaleString('en-GB') : 'never' },
      ], sets), sets.length > 0 && h('p', { class: 'body small soft' }, `${count(sets.length)} of ${count(total)} sets`));
    } catch (error) {
      if (error.name !== 'AbortError')
        put(rows, h('div', { class: 'body' }, notice('bad', error.message)));
    }
  }
}

// Encoders that are hosted, who uses them, and how near they find two texts.

import { embed, floats, listIndexes } from './calls.js';
import { add, empty, facts, field, h, head, notice, panel, put, select, table } from './dom.js';
import { count, fingerprint } from './format.js';

export async function show(main, { signal }) {
  const { indexes, encoders = [] } = await listIndexes({ signal });
  const usersOf = (encoder, role) => indexes.filter(index => index[role]?.fingerprint === encoder.fingerprint).map(index => index.name);
  const links = names => names.length === 0 ? '' : names.map((name, place) => [place > 0 && ', ',
    h('a', { href: `/console/indexes/${encodeURIComponent(name)}`, 'data-link': true }, name)]);
  add(main, [
    head('Encoders', 'What turns texts and features into vectors here, and for whom.'),
    panel('Hosted', {}, encoders.length === 0 ? empty('None is hosted.') : table('Encoders', [
      { title: 'Encoder', head: true, cell: one => one.name },
      { title: 'Fingerprint', cell: one => h('code', {}, fingerprint(one.fingerprint)) },
      { title: 'Dimension', num: true, cell: one => count(one.dimension) },
      { title: 'Runs on', cell: one => one.provider },
      { title: 'Rows of', cell: one => links(usersOf(one, 'encoder')) },
      { title: 'Queries of', cell: one => links(usersOf(one, 'queryEncoder')) },
    ], encoders))]);
  if (encoders.length > 0)
    add(main, [tryOut(encoders)]);
}

function tryOut(encoders) {
  const which = select({}, encoders.map(one => [one.name]), encoders[0].name);
  const texts = [h('textarea', { rows: 2, required: true }), h('textarea', { rows: 2, required: true })];
  const told = h('div', { 'aria-live': 'polite' });
  return panel('Two texts', { note: 'How near an encoder of texts finds them, as queries.' }, h('div', { class: 'body' },
    h('form', {
      class: 'stack', onsubmit: async event => {
        event.preventDefault();
        try {
          put(told, compared(await embed(which.value, texts.map(text => text.value))));
        } catch (error) {
          put(told, notice('bad', error.message));
        }
      },
    }, h('div', { class: 'fields' }, field('Encoder', which)),
    h('div', { class: 'columns' }, field('First text', texts[0]), field('Second text', texts[1])),
    h('div', { class: 'row' }, h('button', {}, 'Compare')), told)));
}

function compared({ vectors }) {
  const all = vectors.data ? floats(vectors.data) : vectors.values;
  const [a, b] = [all.slice(0, vectors.dim), all.slice(vectors.dim)];
  const dot = (x, y) => x.reduce((sum, value, place) => sum + value * y[place], 0);
  const [first, second] = [Math.sqrt(dot(a, a)), Math.sqrt(dot(b, b))];
  return facts([
    ['Cosine similarity', (dot(a, b) / (first * second)).toFixed(4)],
    ['Inner product', dot(a, b).toFixed(4)],
    ['Lengths', `${first.toFixed(4)} and ${second.toFixed(4)}`],
  ]);
}

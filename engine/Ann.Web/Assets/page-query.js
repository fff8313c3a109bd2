// The playground: a query by text, key or vector, its answer, and why an item is in it or not.

import { call, curl, listIndexes, look } from './calls.js';
import { add, empty, field, h, head, notice, panel, put, select, tell } from './dom.js';
import { short, word } from './format.js';
import { keyColumn, keysOf, readVector, vectorOf } from './items.js';
import { compared, explained, single } from './query-answer.js';

const labels = {
  text: ['Text', 'As somebody would type it; the index’s encoder makes the query of it.'],
  key: ['Key of an item', 'Finds what is like it; the item itself is left out.'],
  vector: ['Vector', 'Numbers with blanks or commas between them, or JSON.'],
};

const number = (attributes = {}) => h('input', { type: 'number', inputmode: 'decimal', step: 'any', min: 0, ...attributes });

export async function show(main, { signal, query }) {
  const { indexes } = await listIndexes({ signal });
  const serving = indexes.filter(index => index.state === 'INDEX_STATE_SERVING');
  add(main, [head('Query', 'Ask an index, see what it costs, and why an item is in the answer or not.')]);
  if (serving.length === 0) {
    add(main, [h('div', { class: 'panel' }, empty('No index serves now.'))]);
    return;
  }

  let index = serving.find(one => one.name === query.get('index')) ?? serving[0];
  let kind = 'text';
  const indexes_ = select({ onchange: () => useIndex(indexes_.value) }, serving.map(one => [one.name]), index.name);
  const generation = h('select', {});
  const other = h('select', {});
  const versions = h('div', { class: 'fields' });
  const kinds = h('fieldset', {});
  const input = h('textarea', {
    rows: 3, required: true, spellcheck: 'false', onkeydown: event => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey))
        form.requestSubmit();
    },
  });
  const inputField = h('div', {});
  const k = number({ min: 1, max: 10000, step: 1, value: query.get('k') ?? '10', required: true });
  const ef = number({ min: 1, max: 40000, step: 1 });
  const target = number({ min: 0, max: 1 });
  const deadline = number({ min: 1 });
  const filter = h('input', { class: 'mono', spellcheck: 'false', autocomplete: 'off', value: query.get('filter') ?? '' });
  const filterField = h('div', {});
  const exact = h('input', { type: 'checkbox' });
  const bestSoFar = h('input', { type: 'checkbox' });
  const shownAttributes = h('div', {});
  const failure = h('div', {});
  const answerPlace = h('div', { class: 'stack' }, h('div', { class: 'panel' }, empty('The answer comes here.')));
  const submit = h('button', { class: 'strong' }, 'Search');

  const form = h('form', { class: 'stack', onsubmit: event => { event.preventDefault(); run(); } },
    field('Index', indexes_), versions, kinds, inputField,
    h('div', { class: 'fields' }, field('Results (k)', k), field('Beam width (ef)', ef, 'empty: by itself'),
      field('Recall target', target, 'above 0, below 1'), field('Deadline, ms', deadline)),
    filterField,
    h('div', { class: 'row' }, h('label', { class: 'check' }, exact, 'Exact scan'),
      h('label', { class: 'check' }, bestSoFar, 'Best so far at the deadline')),
    shownAttributes, failure, h('div', { class: 'row' }, submit, h('span', { class: 'hint' }, 'or Ctrl + Enter')));
  add(main, [h('div', { class: 'ask' }, panel('Question', {}, h('div', { class: 'body' }, form)), answerPlace)]);

  function useKind(chosen) {
    kind = chosen;
    const [label, hint] = labels[kind];
    input.rows = kind === 'key' ? 1 : 3;
    input.classList.toggle('mono', kind !== 'text');
    put(inputField, field(label, input, hint));
  }

  function useIndex(name) {
    index = serving.find(one => one.name === name);
    const takesTexts = index.queryEncoder?.hosted === true;
    const others = (index.generations ?? []).filter(one => one.role !== 'GENERATION_ROLE_DAMAGED');
    put(versions, others.length > 1 && [field('Generation', generation), field('Compare with', other)]);
    put(generation, others.map((one, place) => h('option', { value: place === 0 ? '' : one.id },
      place === 0 ? `${short(one.id)} (serving)` : short(one.id))));
    put(other, h('option', { value: '' }, 'none'), others.slice(1).map(one => h('option', { value: one.id },
      `${short(one.id)} (${word(one.role, 'GENERATION_ROLE_')})`)));
    const possible = takesTexts ? ['text', 'key', 'vector'] : ['key', 'vector'];
    if (!possible.includes(kind))
      kind = possible[0];
    put(kinds, h('legend', {}, 'Ask by'), h('div', { class: 'row' }, possible.map(one => h('label', { class: 'check' },
      h('input', { type: 'radio', name: 'kind', value: one, checked: one === kind, onchange: () => useKind(one) }), labels[one][0]))));
    useKind(kind);
    const names = (index.attributes ?? []).map(one => one.name);
    const example = exampleFilter(index);
    put(filterField, field('Filter', filter, example ? `such as: ${example}` : 'by key: key in (1, 2)'));
    put(shownAttributes, names.length > 0 && h('fieldset', {}, h('legend', {}, 'Attributes shown'), h('div', { class: 'row' },
      names.map((one, place) => h('label', { class: 'check' },
        h('input', { type: 'checkbox', name: 'attribute', value: one, checked: place < 6 }), one)))));
  }

  const chosenAttributes = () => [...shownAttributes.querySelectorAll('input:checked')].map(box => box.value);

  /** What is asked of an index or one of its generations. */
  async function requestFor(place) {
    const request = { k: Number(k.value), attributes: chosenAttributes() };
    if (ef.value)
      request.efSearch = Number(ef.value);
    if (target.value)
      request.recallTarget = Number(target.value);
    if (exact.checked)
      request.exact = true;
    if (bestSoFar.checked)
      request.onDeadline = 'ON_DEADLINE_BEST_SO_FAR';
    if (filter.value.trim())
      request.filter = await look('filter', { index: index.name, text: filter.value }, { signal });
    const text = input.value.trim();
    if (kind === 'text') {
      request.texts = [text];
    } else if (kind === 'vector') {
      request.queries = { values: readVector(text, index.dimension) };
    } else {
      const keys = keyColumn(index, [text]);
      const found = await call(place, 'fetch', { keys, withVectors: true }, { signal });
      if (keysOf(found.found).length === 0)
        throw new Error(`No item has the key ${text}.`);
      const { dtype, dim, data } = found.vectors;
      request.queries = { dtype, dim, data };
      request.exclude = { keys };
    }
    return request;
  }

  async function answerOf(place) {
    const request = await requestFor(place);
    const deadlineMs = Number(deadline.value) || undefined;
    const began = performance.now();
    const answer = await call(place, 'search', request, { signal, deadlineMs });
    return {
      place, index, request, deadlineMs, answer, tookMs: performance.now() - began,
      asCall: curl('POST', `/v1/indexes/${encodeURIComponent(place)}:search`, request, deadlineMs),
    };
  }

  async function run() {
    submit.disabled = true;
    put(failure);
    try {
      const places = [generation.value, other.value].map((id, number) => id ? `${index.name}@${id}` : number === 0 ? index.name : null);
      const answers = await Promise.all(places.filter(Boolean).map(answerOf));
      history.replaceState(null, '', `/console/query?${new URLSearchParams({ index: index.name, k: k.value, filter: filter.value })}`);
      const explain = (place, key) => explainAt(answers.find(one => one.place === place) ?? answers[0], key);
      put(answerPlace, answers.length > 1 ? compared(answers, explain) : single(answers[0], explain, similar));
      tell(`${keysOf(answers[0].answer.keys).length} results`);
    } catch (error) {
      if (error.name !== 'AbortError')
        put(failure, notice('bad', error.message));
    }
    submit.disabled = false;
  }

  /** Takes another kind of question, as if somebody had chosen it. */
  function choose(wanted) {
    const radio = kinds.querySelector(`input[value=${wanted}]`);
    if (!radio)
      throw new Error(`This index is not asked by ${wanted}.`);
    radio.checked = true;
    useKind(wanted);
  }

  /** Searches for what is like an item. */
  function similar(key) {
    input.value = key;
    choose('key');
    run();
  }

  async function explainAt(asked, key) {
    const search = { ...asked.request };
    delete search.attributes;
    const found = await call(asked.place, 'explain', { search, key: keyColumn(asked.index, [key]) }, { signal });
    return explained(key, found);
  }

  /** Fills in what a slow query asked; it is asked when somebody says so. */
  async function fillIn(number) {
    const { query: slow, request, filterText } = await look(`slow/${encodeURIComponent(number)}`, {}, { signal });
    if (!request)
      throw new Error('The request of that slow query is not kept any more.');
    const [name, id] = request.index.split('@');
    if (!serving.some(one => one.name === name))
      throw new Error(`The index ${name} of that slow query does not serve now.`);
    indexes_.value = name;
    useIndex(name);
    if (id && [...generation.options].some(one => one.value === id))
      generation.value = id;
    choose(request.texts ? 'text' : 'vector');
    input.value = request.texts?.[0] ?? vectorOf(request)?.join(' ') ?? '';
    k.value = request.k ?? '';
    ef.value = request.efSearch ?? '';
    target.value = request.recallTarget ?? '';
    deadline.value = slow.deadlineMs ? Math.max(1, Math.round(slow.deadlineMs)) : '';
    exact.checked = request.exact === true;
    bestSoFar.checked = request.onDeadline === 'ON_DEADLINE_BEST_SO_FAR';
    filter.value = filterText ?? '';
    const left = Object.keys(unasked).filter(one => request[one] !== undefined).map(one => unasked[one]);
    put(failure, notice('', 'Filled in from a slow query.',
      left.length > 0 && ` Left out, since nothing here asks it: ${left.join(', ')}.`));
  }

  useIndex(index.name);
  if (query.get('slow')) {
    try {
      await fillIn(query.get('slow'));
    } catch (error) {
      if (error.name === 'AbortError')
        throw error;
      put(failure, notice('bad', error.message));
    }
  }
}

/** What searches may ask and the playground does not. */
const unasked = {
  exclude: 'exclusions', caps: 'caps', floors: 'floors', minScore: 'a least score', preparedFilter: 'a prepared filter',
  diversity: 'diversity', union: 'a union',
};

/** A filter that the index takes, to show how one is written. */
function exampleFilter(index) {
  const of = (...types) => (index.attributes ?? []).find(one => types.includes(one.type))?.name;
  const numeric = of('ATTRIBUTE_TYPE_DOUBLE', 'ATTRIBUTE_TYPE_INT64');
  const keyword = of('ATTRIBUTE_TYPE_KEYWORD', 'ATTRIBUTE_TYPE_KEYWORD_SET');
  return [numeric && `${numeric} < 20`, keyword && `${keyword} in (a, b)`].filter(Boolean).join(' and ');
}

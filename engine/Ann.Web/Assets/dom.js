// Makes elements. Texts become text nodes, never markup: nothing that a server or a user wrote is parsed as HTML.

const SVG = 'http://www.w3.org/2000/svg';

/** Makes an element: names of events begin with "on", booleans set or leave out an attribute, the rest are attributes. */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same of SVG. */
export function s(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on'))
      element.addEventListener(name.slice(2), value);
    else if (value === true)
      element.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined)
      element.setAttribute(name, value);
  }
  add(element, children);
  return element;
}

/** Adds children; null and false are left out, lists are flattened. */
export function add(element, children) {
  for (const child of children.flat(Infinity))
    if (child !== null && child !== undefined && child !== false)
      element.append(child);
}

/** Replaces what an element holds. */
export function put(element, ...children) {
  element.replaceChildren();
  add(element, children);
}

/** Tells screen readers what happened. */
export function tell(text) {
  document.getElementById('told').textContent = text;
}

let last = 0;

/** An id that no other element has. */
export const freshId = () => `e${++last}`;

/** A panel with a heading; actions stand to its right. */
export function panel(title, { note, actions = [], level = 2 } = {}, ...children) {
  const id = freshId();
  return h('section', { class: 'panel', 'aria-labelledby': id },
    h('header', {}, h(`h${level}`, { id }, title), h('span', { class: 'grow' }), actions, note && h('p', { class: 'small' }, note)),
    children);
}

/** The heading of a page, a sentence about it, and what stands to their right. */
export function head(title, lede, ...right) {
  return h('div', { class: 'head' }, h('div', { class: 'grow' }, h('h1', {}, title), h('p', { class: 'lede' }, lede)), right);
}

/** A labelled field; the label is clickable and read out. */
export function field(label, input, hint) {
  input.id ||= freshId();
  let told = null;
  if (hint) {
    told = h('span', { class: 'hint', id: `${input.id}-hint` }, hint);
    input.setAttribute('aria-describedby', told.id);
  }
  return h('div', { class: 'field' }, h('label', { for: input.id }, label), input, told);
}

/** A list of choices, each a value and a text. */
export function select(attributes, choices, chosen) {
  const element = h('select', attributes,
    choices.map(([value, text]) => h('option', { value, selected: value === chosen }, text ?? value)));
  return element;
}

export function badge(text, kind = '') {
  return h('span', { class: `badge ${kind}` }, text);
}

/** What went wrong, read out at once. */
export function notice(kind, ...children) {
  return h('div', { class: `notice ${kind}`, role: kind === 'bad' ? 'alert' : 'status' }, children);
}

export function empty(...text) {
  return h('div', { class: 'empty' }, h('p', {}, text));
}

/** Names and values, those without a value left out. */
export function facts(pairs, className = 'facts') {
  return h('dl', { class: className }, pairs.filter(([, value]) => value !== null && value !== undefined && value !== '')
    .map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))));
}

/**
 * A table. Columns have a title, a cell for a row, and may be numbers, the heading of their row, or left out of cards (wide).
 * Roles are told expressly: as cards the elements lose their own.
 */
export function table(caption, columns, rows, { cards = true } = {}) {
  const frame = h('div', { class: 'table' },
    h('table', { class: cards ? 'cards' : '', role: 'table' },
      h('caption', { class: 'unseen' }, caption),
      h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, columns.map(column =>
        h('th', { scope: 'col', role: 'columnheader', class: column.num ? 'num' : '' },
          column.title || h('span', { class: 'unseen' }, 'Actions'))))),
      h('tbody', { role: 'rowgroup' }, rows.map((row, number) =>
        h('tr', { role: 'row' }, columns.map(column => cellOf(column, row, number)))))));
  widths.observe(frame);
  return frame;
}

function cellOf(column, row, number) {
  const shown = column.cell(row, number);
  const isEmpty = shown === null || shown === undefined || shown === '';
  const kind = [column.num && 'num', isEmpty && 'gone', column.wide && 'wide'].filter(Boolean).join(' ');
  return column.head
    ? h('th', { scope: 'row', role: 'rowheader', class: kind }, shown)
    : h('td', { role: 'cell', class: kind, 'data-label': column.title || null }, h('span', {}, shown));
}

// What is larger than its place is moved by keys, too: it can then be focused.
const widths = new ResizeObserver(entries => {
  for (const { target } of entries) {
    const isWide = target.scrollWidth > target.clientWidth + 1 || target.scrollHeight > target.clientHeight + 1;
    const named = `Table: ${target.querySelector('caption').textContent}`;
    for (const [name, value] of [['tabindex', '0'], ['role', 'region'], ['aria-label', named]])
      isWide ? target.setAttribute(name, value) : target.removeAttribute(name);
  }
});

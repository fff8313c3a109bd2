// Keys, attributes and answers, as the wire has them in columns, made rows.

import { floats } from './calls.js';
import { h } from './dom.js';

/** The column of one key, of the index's kind. */
export function keyColumn(index, keys) {
  return index.keyKind === 'KEY_KIND_STRING' ? { texts: keys } : { numbers: keys };
}

export const keysOf = column => column ? [...column.numbers ?? [], ...column.texts ?? []] : [];

function valueOf(column, place, type) {
  if (column.missing?.includes(place))
    return null;
  switch (type) {
    case 'ATTRIBUTE_TYPE_KEYWORD': return column.keywords[place];
    case 'ATTRIBUTE_TYPE_KEYWORD_SET': return column.keywordSets[place].values.join(', ');
    case 'ATTRIBUTE_TYPE_DOUBLE': return column.doubles[place].toLocaleString('en', { maximumSignificantDigits: 7, useGrouping: false });
    case 'ATTRIBUTE_TYPE_BOOL': return column.bools[place] ? 'yes' : 'no';
    case 'ATTRIBUTE_TYPE_TIMESTAMP': return new Date(Number(BigInt(column.integers[place]) / 1000n)).toISOString();
    default: return column.integers[place];
  }
}

/** The results of the first list of an answer: place from 1, key, score, and attributes by name. */
export function resultsOf(answer, index) {
  const types = new Map((index.attributes ?? []).map(one => [one.name, one.type]));
  const end = answer.rowOffsets?.[1] ?? 0;
  return keysOf(answer.keys).slice(0, end).map((key, place) => ({
    place: place + 1, key, score: answer.scores[place],
    attributes: Object.fromEntries((answer.attributes ?? []).map(column => [column.name, valueOf(column, place, types.get(column.name))])),
  }));
}

/** The numbers of a vector, written as JSON or with blanks or commas between them. */
export function readVector(text, dimension) {
  const words = text.replace(/^\s*\[|\]\s*$/g, '').split(/[\s,;]+/).filter(Boolean);
  const values = words.map(Number);
  const bad = values.findIndex(value => !Number.isFinite(value));
  if (bad >= 0)
    throw new Error(`Component ${bad + 1} of the vector is “${words[bad]}”, which is no number.`);
  if (values.length !== dimension)
    throw new Error(`The vector has ${values.length} components; this index takes ${dimension}.`);
  return values;
}

/** The only vector of a request, as numbers; null where it has none, several, or other components than float32. */
export function vectorOf({ queries: { dtype, dim, data, values } = {} }) {
  if (data && dtype !== 'DTYPE_F32')
    return null;
  const found = data ? floats(data).map(value => Number(value.toPrecision(9))) : values ?? [];
  return found.length > 0 && found.length === (dim || found.length) ? found : null;
}

export const attributeColumns = names => names.map(name => ({
  title: name, cell: row => row.attributes[name] ?? h('span', { class: 'soft' }, '–'),
}));

// The OpenAPI document, as a page.

import { curl, openApi } from './calls.js';
import { add, badge, h, head, panel, put, table } from './dom.js';

const nameOf = schema => schema?.$ref?.split('/').at(-1);

/** A type in words: SearchRequest, list of string, string (int64). */
function typeOf(schema) {
  if (!schema)
    return '';
  if (schema.$ref)
    return nameOf(schema);
  if (schema.type === 'array')
    return `list of ${typeOf(schema.items)}`;
  if (schema.allOf)
    return typeOf(schema.allOf[0]);
  return schema.format ? `${schema.type} (${schema.format})` : schema.type ?? 'any';
}

/** An example of a message, as deep as it is of use. */
function example(document, schema, depth = 0) {
  if (schema?.$ref)
    return depth > 1 ? {} : example(document, document.components.schemas[nameOf(schema)], depth + 1);
  if (schema?.enum)
    return schema.enum.at(Math.min(1, schema.enum.length - 1));
  switch (schema?.type) {
    case 'array': return depth > 1 ? [] : [example(document, schema.items, depth + 1)];
    case 'object': return Object.fromEntries(Object.entries(schema.properties ?? {}).slice(0, 6).map(
      ([name, property]) => [name, example(document, property, depth)]));
    case 'integer': return 1;
    case 'number': return 0.5;
    case 'boolean': return true;
    default: return '';
  }
}

/** The fields of a message; those that are messages themselves open below. */
function fields(document, schema, seen = []) {
  const name = nameOf(schema);
  const message = name ? document.components.schemas[name] : schema;
  if (message?.enum)
    return h('p', { class: 'small lines' }, message.description || message.enum.join(', '));
  const properties = Object.entries(message?.properties ?? {});
  if (properties.length === 0)
    return h('p', { class: 'small soft' }, 'No fields.');
  const inner = new Map();
  for (const [, property] of properties) {
    const of = nameOf(property.items ?? property.allOf?.[0] ?? property);
    if (of && of !== name && !seen.includes(of))
      inner.set(of, { $ref: `#/components/schemas/${of}` });
  }
  return [table(`Fields of ${name ?? 'the message'}`, [
    { title: 'Field', head: true, cell: ([field]) => h('code', {}, field) },
    { title: 'Type', cell: ([, property]) => h('span', { class: 'small' }, typeOf(property)) },
    { title: 'Meaning', cell: ([, property]) => h('span', { class: 'small wrap' }, property.description ?? '') },
  ], properties),
  [...inner].map(([of, reference]) => opened(of, () => fields(document, reference, [...seen, name, ...inner.keys()])))];
}

/** What is made when it is opened first. */
function opened(title, make) {
  const body = h('div', { class: 'stack' });
  return h('details', {
    ontoggle: event => {
      if (event.target.open && body.childElementCount === 0)
        put(body, make());
    },
  }, h('summary', {}, title), body);
}

function operation(document, path, method, described) {
  const body = described.requestBody?.content['application/json']?.schema;
  const answer = described.responses['200']?.content?.['application/json']?.schema;
  const sample = body ? example(document, body) : undefined;
  return h('article', { class: 'body stack operation' },
    h('h3', { class: 'row' }, badge(method.toUpperCase(), 'plain'), h('code', { class: 'wrap' }, path)),
    h('p', {}, described.summary),
    described.description && opened('Errors and more', () => h('p', { class: 'small lines' }, described.description)),
    body && opened(`Request: ${typeOf(body)}`, () => fields(document, body)),
    answer && opened(`Answer: ${typeOf(answer)}`, () => fields(document, answer)),
    opened('curl', () => h('pre', { tabindex: 0 }, curl(method.toUpperCase(), path, sample))));
}

export async function show(main, { signal }) {
  const document = await openApi({ signal });
  const groups = new Map();
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, described] of Object.entries(methods)) {
      const tag = described.tags?.[0] ?? 'Other';
      groups.set(tag, [...groups.get(tag) ?? [], [path, method, described]]);
    }
  }
  add(main, [
    head('API', document.info.description, h('a', { href: '/openapi/v1.json' }, 'OpenAPI document')),
    [...groups].map(([tag, operations]) => panel(tag, {}, operations.map(([path, method, described]) =>
      operation(document, path, method, described))))]);
}

// The protocol as the .proto files have it: plain objects become messages and back. Names are in camel case, values of enums without the
// name of their enum ('COSINE'), 64-bit numbers bigint where each bit counts (fixed64) and else number.

import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import { fromKeyColumn, isKeys, toKeyColumn, toLong } from './keys.js';

/** A message as a plain object. */
export type Plain = { [field: string]: any };

const root = new protobuf.Root();
// What google/api says is for REST alone; without it the options are read and mean nothing.
root.resolvePath = (_origin, target) =>
  target.startsWith('google/api/') ? null
    : target.startsWith('google/') ? target
      : fileURLToPath(new URL(`proto/${target}`, import.meta.url));
root.loadSync(['ann/v1/retrieval.proto', 'ann/v1/ingest.proto', 'ann/v1/indexes.proto']);
root.resolveAll();

const types = new Map<string, protobuf.Type>();

function typeOf(name: string): protobuf.Type {
  let type = types.get(name);
  if (!type)
    types.set(name, type = root.lookupType(`ann.v1.${name}`));
  return type;
}

/** The path of a method such as `Indexes/Promote`, and the names of its messages. */
export function methodOf(name: string): { path: string; request: string; reply: string } {
  const [service, method] = name.split('/');
  const found = (root.lookup('ann.v1') as protobuf.Namespace).get(service ?? '');
  const rpc = found instanceof protobuf.Service ? found.methods[method ?? ''] : undefined;
  if (!rpc)
    throw new TypeError(`'${name}' is no call of the protocol; such as 'Indexes/Promote' was expected.`);
  return { path: `/ann.v1.${name}`, request: rpc.requestType, reply: rpc.responseType };
}

/** The bytes of a message. A field that the message has not is refused. */
export function encode(name: string, value: Plain): Buffer {
  const type = typeOf(name);
  return Buffer.from(type.encode(toMessage(type, value, '')).finish());
}

/** The message of these bytes, as the library has it. */
export function decode(name: string, bytes: Uint8Array): Plain {
  return typeOf(name).decode(bytes);
}

/** A message as a plain object. */
export function plainOf(name: string, message: Plain): Plain {
  return fromMessage(typeOf(name), message);
}

/** The name of a value of an enum. */
export function enumName(name: string, value: number): string {
  const type = root.lookupEnum(`ann.v1.${name}`);
  return shortOf(type, type.valuesById[value] ?? String(value));
}

function toMessage(type: protobuf.Type, value: Plain, place: string): Plain {
  const message: Plain = {};
  for (const [name, given] of Object.entries(value)) {
    if (given === undefined || given === null)
      continue;
    const field = type.fields[name];
    const path = place === '' ? name : `${place}.${name}`;
    if (!field)
      throw new TypeError(`${path} is no field of ${type.name}; one of ${Object.keys(type.fields).join(', ')} was expected.`);
    message[name] = field.repeated
      ? Array.from(given as Iterable<any>, (one, i) => toValue(field, one, `${path}[${i}]`))
      : toValue(field, given, path);
  }
  return message;
}

function toValue(field: protobuf.Field, value: any, path: string): any {
  const type = field.resolvedType;
  if (type instanceof protobuf.Enum) {
    const number = typeof value === 'number' ? value : type.values[value] ?? type.values[prefixOf(type) + value];
    if (number === undefined) {
      const values = Object.keys(type.values).map((one) => shortOf(type, one)).join(', ');
      throw new TypeError(`${path} is '${value}'; one of ${values} was expected.`);
    }
    return number;
  }
  if (type instanceof protobuf.Type)
    return type.name === 'KeyColumn' && isKeys(value) ? toKeyColumn(value) : toMessage(type, value, path);
  return typeof value === 'bigint' ? toLong(value) : value;
}

function fromMessage(type: protobuf.Type, message: Plain): Plain {
  const plain: Plain = {};
  for (const field of type.fieldsArray) {
    const value = Object.hasOwn(message, field.name) ? message[field.name] : undefined;
    if (field.repeated)
      plain[field.name] = Array.from((value ?? []) as Iterable<any>, (one) => fromValue(field, one));
    else if (value !== undefined || (!field.partOf && !(field.resolvedType instanceof protobuf.Type)))
      plain[field.name] = fromValue(field, value ?? field.typeDefault);
  }
  return plain;
}

function fromValue(field: protobuf.Field, value: any): any {
  const type = field.resolvedType;
  if (type instanceof protobuf.Enum)
    return shortOf(type, type.valuesById[value] ?? String(value));
  if (type instanceof protobuf.Type)
    return type.name === 'KeyColumn' ? fromKeyColumn(value) : fromMessage(type, value);
  if (/^(u?int|s?fixed|sint)64$/.test(field.type))
    return field.type === 'fixed64' ? BigInt(value.toString()) : Number(value.toString());
  return value;
}

/** COMPLETENESS_COMPLETE of Completeness is COMPLETE. */
function shortOf(type: protobuf.Enum, value: string): string {
  const prefix = prefixOf(type);
  return value.startsWith(prefix) ? value.slice(prefix.length) : value;
}

const prefixOf = (type: protobuf.Enum): string => `${type.name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toUpperCase()}_`;

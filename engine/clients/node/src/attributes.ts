// Attributes of items: columns of one type.

import type { Plain } from './protocol.js';
import { toLong } from './keys.js';

/**
 * A value of an attribute. Its type is that of the attribute: string is KEYWORD, an array of strings KEYWORD_SET, bigint INT64, number
 * DOUBLE, boolean BOOL, Date TIMESTAMP. Undefined and null are no value.
 */
export type AttributeValue = string | readonly string[] | bigint | number | boolean | Date | undefined | null;

/** Values of one attribute, one an item, in the order of the items. */
export class AttributeColumn {
  private readonly isMissing: Set<number>;

  /**
   * @param name Name of the attribute.
   * @param values KEYWORD: string[]; KEYWORD_SET: string[][]; INT64 and TIMESTAMP (microseconds since 1970): BigInt64Array; DOUBLE:
   * Float64Array; BOOL: boolean[]. A missing value has the type's zero there.
   * @param missing Positions of the items that have no value, ascending.
   */
  constructor(
    readonly name: string, readonly values: string[] | string[][] | BigInt64Array | Float64Array | boolean[],
    readonly missing: readonly number[]) {
    this.isMissing = new Set(missing);
  }

  /** How many items there are. */
  get length(): number {
    return this.values.length;
  }

  /** The value of an item; undefined where it has none. TIMESTAMP is a bigint of microseconds: {@link dateAt}. */
  at(position: number): string | string[] | bigint | number | boolean | undefined {
    return this.isMissing.has(position) ? undefined : this.values[position];
  }

  /** The value of a TIMESTAMP, cut to milliseconds. */
  dateAt(position: number): Date | undefined {
    const microseconds = this.at(position);
    return typeof microseconds === 'bigint' ? new Date(Number(microseconds / 1000n)) : undefined;
  }
}

/** Columns of a reply, by name. */
export function fromAttributeColumns(columns: Plain[] | undefined): Map<string, AttributeColumn> {
  return new Map((columns ?? []).map((column) => [column['name'], fromColumn(column)]));
}

function fromColumn(column: Plain): AttributeColumn {
  const { name, keywords, keywordSets, integers, doubles, bools, missing } = column;
  const values = keywords.length ? keywords as string[]
    : keywordSets.length ? keywordSets.map((set: Plain) => set['values']) as string[][]
      : integers.length ? BigInt64Array.from(integers as { toString(): string }[], (one) => BigInt(one.toString()))
        : doubles.length ? Float64Array.from(doubles as number[])
          : bools as boolean[];
  return new AttributeColumn(name, values, missing);
}

const kinds = {
  KEYWORD: { list: 'keywords', zero: '', wire: (value: any) => value },
  KEYWORD_SET: { list: 'keywordSets', zero: { values: [] }, wire: (value: any) => ({ values: [...value] }) },
  INT64: { list: 'integers', zero: 0, wire: (value: any) => toLong(value) },
  DOUBLE: { list: 'doubles', zero: 0, wire: (value: any) => value },
  BOOL: { list: 'bools', zero: false, wire: (value: any) => value },
  TIMESTAMP: { list: 'integers', zero: 0, wire: (value: any) => toLong(microsecondsOf(value)) },
} as const;

type Kind = keyof typeof kinds;

/** A time as the protocol has it. */
export function microsecondsOf(time: Date): bigint {
  if (Number.isNaN(time.getTime()))
    throw new RangeError('A Date is no time; one was expected.');
  return BigInt(time.getTime()) * 1000n;
}

/** Columns of items, as the protocol has them. */
export function toAttributeColumns(items: readonly ({ [name: string]: AttributeValue } | undefined)[]): Plain[] {
  const names = new Set(items.flatMap((item) => Object.keys(item ?? {})));
  return [...names].flatMap((name) => {
    const values = items.map((item) => item?.[name]);
    const kind = kindOf(name, values);
    if (!kind)
      return []; // no item has a value, which a column that is left out says too
    const { list, zero, wire } = kinds[kind];
    const missing = [...values.keys()].filter((i) => values[i] === undefined || values[i] === null);
    return [{ name, [list]: values.map((value) => value === undefined || value === null ? zero : wire(value)), missing }];
  });
}

function kindOf(name: string, values: readonly AttributeValue[]): Kind | undefined {
  let kind: Kind | undefined;
  for (const value of values) {
    if (value === undefined || value === null)
      continue;
    const one = kindOfValue(name, value);
    if (kind && kind !== one) {
      throw new TypeError(
        `Attribute '${name}' has values of type ${kind} and ${one}; one type was expected (number is DOUBLE, bigint INT64).`);
    }
    kind = one;
  }
  return kind;
}

function kindOfValue(name: string, value: unknown): Kind {
  switch (typeof value) {
    case 'string': return 'KEYWORD';
    case 'bigint': return 'INT64';
    case 'number': return 'DOUBLE';
    case 'boolean': return 'BOOL';
    default:
      if (value instanceof Date)
        return 'TIMESTAMP';
      if (Array.isArray(value))
        return 'KEYWORD_SET';
      throw new TypeError(
        `Attribute '${name}' has a value of type ${typeof value}; string, string[], bigint, number, boolean or Date was expected.`);
  }
}

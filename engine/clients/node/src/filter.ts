// Filters, as the protocol has them.

import { microsecondsOf } from './attributes.js';
import type { Keys } from './keys.js';
import type { Plain } from './protocol.js';

/** Which items may be returned; made by {@link ItemFilter}. */
export interface Filter {
  /** As the protocol has it. */
  readonly wire: Plain;
}

/** An end of a range. A Date is for TIMESTAMP, bigint for INT64; a number for DOUBLE, and for INT64 where it is whole. */
export type Bound = number | bigint | Date;

/**
 * Makes filters. A clause on an attribute is false for an item that has no value of it. At most 256 clauses, 16 levels deep, with 100,000
 * values in all: the server says so where there are more.
 */
export const ItemFilter = {
  /** A KEYWORD is one of these texts, or an element of a KEYWORD_SET is; an INT64 one of these numbers; a TIMESTAMP one of these times. */
  in(attribute: string, ...values: string[] | (number | bigint)[] | Date[]): Filter {
    return typeof values[0] === 'string'
      ? clause({ in: { attribute, keywords: values } })
      : clause({ in: { attribute, integers: (values as Bound[]).map((value) => integerOf(attribute, value)) } });
  },

  /** A BOOL is this. */
  is(attribute: string, value: boolean): Filter {
    return clause({ in: { attribute, bools: [value] } });
  },

  /** An INT64, DOUBLE or TIMESTAMP lies in a range: at least `from` (above `above`), at most `to` (below `below`). */
  range(attribute: string, { from, above, to, below }: { from?: Bound; above?: Bound; to?: Bound; below?: Bound }): Filter {
    return clause({ range: { attribute, from: boundOf(attribute, from, above), to: boundOf(attribute, to, below) } });
  },

  /** An item has a value of the attribute. An empty set is one. */
  exists(attribute: string): Filter {
    return clause({ exists: attribute });
  },

  /** An item's key is one of these. */
  keyIn(keys: Keys): Filter {
    return clause({ keys });
  },

  /** All of them hold: 1 to 64. */
  all(...filters: Filter[]): Filter {
    return clause({ allOf: { clauses: filters.map((one) => one.wire) } });
  },

  /** One of them holds: 1 to 64. */
  any(...filters: Filter[]): Filter {
    return clause({ anyOf: { clauses: filters.map((one) => one.wire) } });
  },

  /** It does not hold. */
  not(filter: Filter): Filter {
    return clause({ noneOf: filter.wire });
  },
} as const;

const clause = (wire: Plain): Filter => ({ wire });

function integerOf(attribute: string, value: Bound): bigint {
  if (value instanceof Date)
    return microsecondsOf(value);
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new RangeError(
      `A value of '${attribute}' is ${value}; a whole number was expected. Doubles are not compared for equality: use a range.`);
  }
  return BigInt(value);
}

function boundOf(attribute: string, inclusive: Bound | undefined, exclusive: Bound | undefined): Plain | undefined {
  const value = inclusive ?? exclusive;
  if (value === undefined)
    return undefined;
  if (inclusive !== undefined && exclusive !== undefined)
    throw new TypeError(`One end of the range of '${attribute}' is given twice.`);
  const end = typeof value === 'number' && !Number.isSafeInteger(value) ? { real: value } : { integer: integerOf(attribute, value) };
  return { ...end, exclusive: exclusive !== undefined };
}

// Keys of items: unsigned numbers of 64 bits, or texts.

/** A key. A number must be a whole one below 2^53; larger keys are given as bigint. */
export type Key = bigint | number | string;

/** Keys of one kind; a single one too. */
export type Keys = Key | BigUint64Array | readonly (bigint | number)[] | readonly string[];

/** A number of 64 bits as the library takes it. */
export interface Long {
  low: number;
  high: number;
  unsigned: boolean;
}

const isLittleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** A bigint of 64 bits, signed or not. */
export function toLong(value: bigint): Long {
  return { low: Number(BigInt.asIntN(32, value)), high: Number(BigInt.asIntN(32, value >> 32n)), unsigned: value >= 0n };
}

/** Whether a value is given as keys, not as the message of them. */
export function isKeys(value: unknown): value is Keys {
  return typeof value !== 'object' || Array.isArray(value) || value instanceof BigUint64Array;
}

/** The column of these keys, as the protocol has it. */
export function toKeyColumn(keys: Keys): { numbers?: Long[]; texts?: string[] } {
  const all: ArrayLike<Key> = typeof keys === 'object' ? keys : [keys];
  if (all.length > 0 && typeof all[0] === 'string') {
    return {
      texts: Array.from(all, (key, i) => {
        if (typeof key !== 'string')
          throw new TypeError(`keys[${i}] is ${typeof key}; a string was expected, as the first is.`);
        return key;
      }),
    };
  }
  return {
    numbers: Array.from(all, (key, i) => {
      if (typeof key === 'bigint' ? key < 0n || key >= 1n << 64n : !Number.isSafeInteger(key) || (key as number) < 0)
        throw new RangeError(`keys[${i}] is ${String(key)}; a whole number of 0 to 2^64 - 1 was expected, from 2^53 on as bigint.`);
      return toLong(BigInt(key));
    }),
  };
}

/** The keys of a column. */
export function fromKeyColumn(column: { numbers?: Long[]; texts?: string[] } | null | undefined): BigUint64Array | string[] {
  if (column?.texts?.length)
    return column.texts;
  const numbers = column?.numbers ?? [];
  const keys = new BigUint64Array(numbers.length);
  if (isLittleEndian) {
    const words = new Int32Array(keys.buffer);
    for (const [i, { low, high }] of numbers.entries())
      [words[2 * i], words[2 * i + 1]] = [low, high];
  } else {
    for (const [i, { low, high }] of numbers.entries())
      keys[i] = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  }
  return keys;
}

/** How many keys there are. */
export const countOf = (keys: Keys): number => typeof keys === 'object' ? keys.length : 1;

// Items that are written.

import { toAttributeColumns, type AttributeValue } from './attributes.js';
import type { Key } from './keys.js';
import type { Plain } from './protocol.js';
import { toVectorBatch, type Vector } from './vectors.js';

/** An item to be written. One that is replaced keeps nothing of what it was. */
export interface NewItem {
  key: Key;
  vector: Vector;
  attributes?: { readonly [name: string]: AttributeValue };
}

/** The block of these items, as the protocol has it. */
export function toBlock(items: readonly NewItem[]): Plain {
  return {
    keys: items.map((item) => item.key),
    vectors: toVectorBatch(items.map((item) => item.vector)),
    attributes: toAttributeColumns(items.map((item) => item.attributes)),
  };
}

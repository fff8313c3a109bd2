// Vectors: rows of components, sent as little-endian bytes.

/** One vector. Int8Array is sent with 1 byte a component, taken at face value; all else as float32. */
export type Vector = Float32Array | Float64Array | Int8Array | readonly number[];

/** Rows of one dimension, as the protocol has them. */
export interface VectorBatch {
  dtype: 'F32' | 'I8';
  dim: number;
  data: Uint8Array;
}

const isLittleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** The rows as the protocol has them. */
export function toVectorBatch(rows: readonly Vector[]): VectorBatch {
  const dim = rows[0]?.length ?? 0;
  const data = rows.every((row) => row instanceof Int8Array) ? new Int8Array(rows.length * dim) : new Float32Array(rows.length * dim);
  for (const [i, row] of rows.entries()) {
    if (row.length !== dim)
      throw new RangeError(`Vector ${i} has ${row.length} components; ${dim} were expected, as the first has.`);
    data.set(row, i * dim);
  }
  return { dtype: data instanceof Int8Array ? 'I8' : 'F32', dim, data: bytesOf(data) };
}

/** The components of a batch of float32 rows, row after row. */
export function fromVectorBatch(batch: { data?: Uint8Array; values?: number[] } | null | undefined): Float32Array {
  if (!batch?.data?.length)
    return Float32Array.from(batch?.values ?? []);
  const bytes = Uint8Array.from(batch.data); // a copy, which begins where a number may
  return new Float32Array(isLittleEndian ? bytes.buffer : Buffer.from(bytes.buffer).swap32().buffer as ArrayBuffer);
}

function bytesOf(data: Int8Array | Float32Array): Uint8Array {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return isLittleEndian || data instanceof Int8Array ? bytes : bytes.swap32();
}

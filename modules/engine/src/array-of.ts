import { typedArrays } from '@edgewright/contract';
import type { Datatype } from '@edgewright/contract';
import type { TensorData } from './tensor.ts';

/** The typed arrays that hold tensors' elements: all of {@link TensorData} but strings. */
export type NumericData = Exclude<TensorData, string[]>;

interface NumericArrayConstructor {
  readonly BYTES_PER_ELEMENT: number;
  readonly name: string;
  new (length: number): NumericData;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): NumericData;
}

const constructors: Readonly<Record<Exclude<Datatype, 'BYTES'>, NumericArrayConstructor>> = typedArrays;

/** The constructor of the array that holds elements of a datatype; `BYTES` has none, it is `string[]`. */
export function arrayOf(datatype: Exclude<Datatype, 'BYTES'>): NumericArrayConstructor {
  return constructors[datatype];
}

/** How many elements a shape holds. A shape without dimensions is a scalar and holds one. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const dimension of shape) count *= dimension;
  return count;
}

/** New elements, all zero, false or empty. */
export function zeros(datatype: Datatype, count: number): TensorData {
  return datatype === 'BYTES' ? Array.from({ length: count }, () => '') : new constructors[datatype](count);
}

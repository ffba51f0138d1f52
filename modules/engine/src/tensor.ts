import type { Datatype } from '@edgewright/contract';

/** The elements of a tensor, in row-major order. Which array goes with which datatype is in {@link Tensor}. */
export type TensorData =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array
  | string[];

/**
 * A tensor: the Open Inference Protocol's datatype, its shape, and its elements in row-major order.
 *
 * | datatype | elements |
 * |---|---|
 * | `BOOL` | `Uint8Array`, 0 or 1 |
 * | `UINT8` … `INT32`, `FP32`, `FP64` | the typed array of that name |
 * | `UINT64`, `INT64` | `BigUint64Array`, `BigInt64Array`: 64 bits, exact |
 * | `FP16`, `BF16` | `Uint16Array` with the bit patterns; see `halfToNumber` and `numberToHalf` |
 * | `BYTES` | `string[]` (the runtimes carry UTF-8 strings, nothing else) |
 *
 * The array belongs to whoever made the tensor until it is given to `infer` or to a model's `run`: those may transfer
 * it to another thread and leave it empty.
 */
export interface Tensor {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** Tensors by the name of the input or output. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

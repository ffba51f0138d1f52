import type { Datatype } from '@edgewright/contract';
import { EngineError } from '../engine-error.ts';
import type { NamedTensors, Tensor, TensorData } from '../tensor.ts';
import type { OrtRuntime, OrtTensor } from './ort-runtime.ts';

type OrtType = OrtTensor.Type;

const ortTypes: Readonly<Partial<Record<Datatype, OrtType>>> = {
  BOOL: 'bool',
  UINT8: 'uint8',
  UINT16: 'uint16',
  UINT32: 'uint32',
  UINT64: 'uint64',
  INT8: 'int8',
  INT16: 'int16',
  INT32: 'int32',
  INT64: 'int64',
  FP16: 'float16',
  FP32: 'float32',
  FP64: 'float64',
  BYTES: 'string',
};

const datatypesOfOrt = new Map(Object.entries(ortTypes).map(([datatype, type]) => [type, datatype as Datatype]));

/** The Open Inference Protocol's name of a runtime's element type; undefined for types that have none (4-bit integers). */
export function datatypeOfOrt(type: string): Datatype | undefined {
  return datatypesOfOrt.get(type as OrtType);
}

/** The same tensors as the runtime's own objects; the elements are shared, not copied. */
export function toOrtTensors(runtime: OrtRuntime, tensors: NamedTensors): Record<string, OrtTensor> {
  const feeds: Record<string, OrtTensor> = {};
  for (const name of Object.keys(tensors)) {
    const tensor = tensors[name] as Tensor;
    const type = ortTypes[tensor.datatype];
    if (type === undefined) {
      throw new EngineError(
        'InputInvalid',
        `cannot give ${tensor.datatype} to the input "${name}": ONNX Runtime for JavaScript has no such element type`,
        { details: { input: name, datatype: tensor.datatype } },
      );
    }
    feeds[name] = type === 'float16' ? halfTensor(runtime, tensor) : new runtime.Tensor(type as 'float32', tensor.data as Float32Array, tensor.shape); // prettier-ignore
  }
  return feeds;
}

/** The runtime's outputs in the engine's form; the elements are shared, not copied. */
export function fromOrtTensors(outputs: Readonly<Record<string, OrtTensor>>): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = {};
  for (const name of Object.keys(outputs)) {
    const output = outputs[name] as OrtTensor;
    const datatype = datatypeOfOrt(output.type);
    if (datatype === undefined) {
      throw new EngineError('ScoringFailed', `the output "${name}" has the element type ${output.type}, which JSON and the Open Inference Protocol cannot carry`); // prettier-ignore
    }
    tensors[name] = { datatype, shape: output.dims, data: elementsOf(datatype, output.data) };
  }
  return tensors;
}

/**
 * Where Node.js has Float16Array the constructor turns bit patterns into one, which onnxruntime-node (1.30) takes for empty:
 * so the tensor is made as uint16 and named float16 afterwards.
 */
function halfTensor(runtime: OrtRuntime, tensor: Tensor): OrtTensor {
  return Object.assign(new runtime.Tensor('uint16', tensor.data as Uint16Array, tensor.shape), { type: 'float16' });
}

function elementsOf(datatype: Datatype, data: OrtTensor.DataType): TensorData {
  if (datatype !== 'FP16' || data instanceof Uint16Array) return data;
  // newer Node.js has Float16Array, and the runtime then uses it: the engine keeps to the bit patterns everywhere
  const view = data as unknown as { buffer: ArrayBuffer; byteOffset: number; length: number };
  return new Uint16Array(view.buffer, view.byteOffset, view.length);
}

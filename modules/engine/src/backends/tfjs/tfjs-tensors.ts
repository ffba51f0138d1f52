import type { Datatype } from '@edgewright/contract';
import { EngineError } from '../../engine-error.ts';
import type { NamedTensors, Tensor } from '../../tensor.ts';
import type { NamedTfTensors, TfCore, TfElements, TfTensor } from './tfjs-runtime.ts';

const tfTypes: Readonly<Partial<Record<Datatype, string>>> = {
  FP32: 'float32',
  INT32: 'int32',
  BOOL: 'bool',
  BYTES: 'string',
};

const datatypesOfTf = new Map(Object.entries(tfTypes).map(([datatype, type]) => [type, datatype as Datatype]));

/** The Open Inference Protocol's name of an element type of TensorFlow.js; undefined for complex64. */
export function datatypeOfTf(dtype: string): Datatype | undefined {
  return datatypesOfTf.get(dtype);
}

/**
 * The element type that TensorFlow.js uses for one of TensorFlow (`tensorflow.DataType`): it keeps all floats in 32 bits
 * and all whole numbers in 32 signed bits. Undefined for types that it does not have.
 */
export function datatypeOfTensorFlow(dtype: string | undefined): Datatype | undefined {
  switch (dtype) {
    case 'DT_FLOAT':
    case 'DT_DOUBLE':
    case 'DT_HALF':
      return 'FP32';
    case 'DT_INT8':
    case 'DT_UINT8':
    case 'DT_INT16':
    case 'DT_UINT16':
    case 'DT_INT32':
    case 'DT_INT64':
      return 'INT32';
    case 'DT_BOOL':
      return 'BOOL';
    case 'DT_STRING':
      return 'BYTES';
    default:
      return undefined;
  }
}

/** The same tensors as the runtime's own objects, which the caller disposes of. */
export function toTfTensor(core: Pick<TfCore, 'tensor'>, name: string, tensor: Tensor): TfTensor {
  const type = tfTypes[tensor.datatype];
  if (type === undefined) {
    throw new EngineError(
      'InputInvalid',
      `cannot give ${tensor.datatype} to the input "${name}": TensorFlow.js has no such element type`,
      { details: { input: name, datatype: tensor.datatype } },
    );
  }
  return core.tensor(tensor.data as TfElements, tensor.shape, type);
}

/** The runtime's tensors in the engine's form; the elements are copied out. */
export async function fromTfTensors(outputs: Readonly<NamedTfTensors>): Promise<NamedTensors> {
  const tensors: Record<string, Tensor> = {};
  for (const [name, output] of Object.entries(outputs)) {
    const datatype = datatypeOfTf(output.dtype);
    if (datatype === undefined) {
      throw new EngineError('ScoringFailed', `the output "${name}" has the element type ${output.dtype}, which JSON and the Open Inference Protocol cannot carry`); // prettier-ignore
    }
    tensors[name] = { datatype, shape: [...output.shape], data: await output.data() };
  }
  return tensors;
}

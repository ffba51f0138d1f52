import type { Datatype, RemoteTensor } from '@edgewright/contract';
import type { Tensor } from '../../tensor.ts';
import { numbersFromList } from './listed-elements.ts';
import type { ListedElements } from './listed-elements.ts';
import { malformedAnswer } from './malformed-answer.ts';
import { answeredShape, numbersFromBytes, numbersToBytes, textsFromBytes, textsToBytes } from './raw-elements.ts';
import type { RemoteProtocol } from './remote-protocol.ts';
import { settingsOf } from './remote-settings.ts';

/** `tensorflow.DataType`. */
const dataTypes: Readonly<Record<Datatype, number>> = {
  FP32: 1, FP64: 2, INT32: 3, UINT8: 4, INT16: 5, INT8: 6, BYTES: 7, INT64: 9, BOOL: 10, BF16: 14, UINT16: 17, FP16: 19, UINT32: 22, UINT64: 23,
}; // prettier-ignore

/** Which field of `TensorProto` holds the elements, where they are not in `tensor_content`. */
const valueFields: Readonly<Record<Datatype, string>> = {
  FP32: 'float_val', FP64: 'double_val', INT32: 'int_val', UINT8: 'int_val', INT16: 'int_val', INT8: 'int_val', UINT16: 'int_val',
  BYTES: 'string_val', INT64: 'int64_val', BOOL: 'bool_val', BF16: 'half_val', FP16: 'half_val', UINT32: 'uint32_val', UINT64: 'uint64_val',
}; // prettier-ignore

const field = (type: string, id: number): object => ({ type, id });
const repeated = (type: string, id: number): object => ({ rule: 'repeated', type, id });

/** The parts in use of tensor.proto, tensor_shape.proto, model.proto, predict.proto and prediction_service.proto. */
const descriptor = {
  nested: {
    tensorflow: {
      nested: {
        TensorShapeProto: {
          fields: { dim: repeated('Dim', 2), unknown_rank: field('bool', 3) },
          nested: { Dim: { fields: { size: field('int64', 1), name: field('string', 2) } } },
        },
        TensorProto: {
          fields: {
            dtype: field('int32', 1),
            tensor_shape: field('TensorShapeProto', 2),
            tensor_content: field('bytes', 4),
            float_val: repeated('float', 5),
            double_val: repeated('double', 6),
            int_val: repeated('int32', 7),
            string_val: repeated('bytes', 8),
            // 64-bit integers as their packed bytes: see packed-integers.ts
            int64_val: repeated('bytes', 10),
            bool_val: repeated('bool', 11),
            half_val: repeated('int32', 13),
            uint32_val: repeated('uint32', 16),
            uint64_val: repeated('bytes', 17),
          },
        },
        serving: {
          nested: {
            Version: { fields: { value: field('int64', 1) } },
            ModelSpec: { fields: { name: field('string', 1), version: field('Version', 2), signature_name: field('string', 3) } },
            PredictRequest: {
              fields: {
                model_spec: field('ModelSpec', 1),
                inputs: { keyType: 'string', type: 'tensorflow.TensorProto', id: 2 },
                output_filter: repeated('string', 3),
              },
            },
            PredictResponse: {
              fields: {
                outputs: { keyType: 'string', type: 'tensorflow.TensorProto', id: 1 },
                model_spec: field('ModelSpec', 2),
              },
            },
            PredictionService: {
              methods: { Predict: { requestType: 'PredictRequest', responseType: 'PredictResponse' } },
            },
          },
        },
      },
    },
  },
}; // prettier-ignore

interface TensorProto {
  readonly dtype: number;
  readonly tensor_shape: { readonly dim: readonly { readonly size: string }[] } | null;
  readonly tensor_content: Uint8Array;
  readonly [values: string]: unknown;
}

/** TensorFlow Serving's `Predict`, which Azure ML's accelerated models answer. */
export const tensorflowServing: RemoteProtocol = {
  descriptor,
  service: 'tensorflow.serving.PredictionService',
  method: 'Predict',
  encode: ({ model, inputs, outputs }, tensors) => ({
    model_spec: {
      name: model.name,
      ...(model.version === undefined ? {} : { version: { value: model.version } }),
      ...(model.signature === undefined ? {} : { signature_name: model.signature }),
    },
    inputs: Object.fromEntries(inputs.map((spec) => [spec.name, tensorProto(spec, tensors[spec.name] as Tensor)])),
    output_filter: outputs.map(({ name }) => name),
  }),
  decode: (description, answer) => {
    const { outputs } = description;
    const { maxMessageBytes } = settingsOf(description);
    const given = (answer as { outputs: Record<string, TensorProto> }).outputs;
    return Object.fromEntries(
      outputs.map((spec) => {
        const proto = given[spec.name];
        if (proto === undefined) throw malformedAnswer(`it has no output "${spec.name}"; it has ${Object.keys(given).join(', ')}`);
        return [spec.name, tensorFrom(spec, proto, maxMessageBytes)];
      }),
    ); // prettier-ignore
  },
};

function tensorProto(spec: RemoteTensor, tensor: Tensor): object {
  const { data, datatype, shape } = tensor;
  const head = { dtype: dataTypes[datatype], tensor_shape: { dim: shape.map((size) => ({ size: String(size) })) } };
  if (Array.isArray(data)) return { ...head, string_val: textsToBytes(spec, tensor) };
  return { ...head, tensor_content: numbersToBytes(data) };
}

function tensorFrom(spec: RemoteTensor, proto: TensorProto, maxMessageBytes: number): Tensor {
  const { datatype } = spec;
  if (proto.dtype !== dataTypes[datatype]) {
    const found = Object.entries(dataTypes).find(([, number]) => number === proto.dtype)?.[0] ?? `type ${proto.dtype}`;
    throw malformedAnswer(`the output "${spec.name}" is ${found}, but is described as ${datatype}`);
  }
  const sizes = (proto.tensor_shape?.dim ?? []).map(({ size }) => size);
  const { shape, count } = answeredShape(spec, sizes, maxMessageBytes);
  if (datatype === 'BYTES') {
    const values = filledTexts(proto['string_val'] as readonly Uint8Array[], count);
    return { datatype, shape, data: textsFromBytes(spec, values, count) };
  }
  if (proto.tensor_content.byteLength > 0) {
    return { datatype, shape, data: numbersFromBytes(datatype, proto.tensor_content, count) };
  }
  const values = proto[valueFields[datatype]] as ListedElements;
  return { datatype, shape, data: numbersFromList(values, { datatype, count, mayEndEarly: true }) };
}

/** TensorFlow may leave out the end of a list whose elements are all the same as the last one that is there. */
function filledTexts(values: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  if (values.length > count) throw malformedAnswer(`${values.length} texts came for a shape of ${count}`);
  const last = values.at(-1) ?? Buffer.alloc(0);
  return [...values, ...Array.from({ length: count - values.length }, () => last)];
}

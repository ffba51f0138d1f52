import { datatypes } from '@edgewright/contract';
import type { Datatype, RemoteTensor } from '@edgewright/contract';
import type { Tensor } from '../../tensor.ts';
import { numbersFromList } from './listed-elements.ts';
import type { ListedElements } from './listed-elements.ts';
import { malformedAnswer } from './malformed-answer.ts';
import { answeredShape, numbersFromBytes, numbersToBytes, textsFromBytes, textsToBytes } from './raw-elements.ts';
import type { RemoteProtocol } from './remote-protocol.ts';
import { settingsOf } from './remote-settings.ts';

const field = (type: string, id: number): object => ({ type, id });
const repeated = (type: string, id: number): object => ({ rule: 'repeated', type, id });

/** The parts in use of open_inference_grpc.proto (Open Inference Protocol). */
const descriptor = {
  nested: {
    inference: {
      nested: {
        InferTensorContents: {
          fields: {
            bool_contents: repeated('bool', 1),
            int_contents: repeated('int32', 2),
            // 64-bit integers as their packed bytes: see packed-integers.ts
            int64_contents: repeated('bytes', 3),
            uint_contents: repeated('uint32', 4),
            uint64_contents: repeated('bytes', 5),
            fp32_contents: repeated('float', 6),
            fp64_contents: repeated('double', 7),
            bytes_contents: repeated('bytes', 8),
          },
        },
        InferTensor: {
          fields: {
            name: field('string', 1),
            datatype: field('string', 2),
            shape: repeated('int64', 3),
            contents: field('InferTensorContents', 5),
          },
        },
        RequestedOutput: { fields: { name: field('string', 1) } },
        ModelInferRequest: {
          fields: {
            model_name: field('string', 1),
            model_version: field('string', 2),
            id: field('string', 3),
            inputs: repeated('InferTensor', 5),
            outputs: repeated('RequestedOutput', 6),
            raw_input_contents: repeated('bytes', 7),
          },
        },
        ModelInferResponse: {
          fields: {
            model_name: field('string', 1),
            model_version: field('string', 2),
            id: field('string', 3),
            outputs: repeated('InferTensor', 5),
            raw_output_contents: repeated('bytes', 6),
          },
        },
        GRPCInferenceService: {
          methods: { ModelInfer: { requestType: 'ModelInferRequest', responseType: 'ModelInferResponse' } },
        },
      },
    },
  },
};

interface InferTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly string[];
  readonly contents: Readonly<Record<string, ListedElements>> | null;
}

interface Answer {
  readonly outputs: readonly InferTensor[];
  readonly raw_output_contents: readonly Uint8Array[];
}

/** Where the elements of a tensor are that did not come as raw bytes; halves always do. */
const contentFields: Readonly<Partial<Record<Datatype, string>>> = {
  BOOL: 'bool_contents', INT8: 'int_contents', INT16: 'int_contents', INT32: 'int_contents', INT64: 'int64_contents',
  UINT8: 'uint_contents', UINT16: 'uint_contents', UINT32: 'uint_contents', UINT64: 'uint64_contents', FP32: 'fp32_contents',
  FP64: 'fp64_contents', BYTES: 'bytes_contents',
}; // prettier-ignore

/** The Open Inference Protocol's `ModelInfer`, with raw tensors: once one is raw, all must be. */
export const openInference: RemoteProtocol = {
  descriptor,
  service: 'inference.GRPCInferenceService',
  method: 'ModelInfer',
  encode: ({ model, inputs, outputs }, tensors) => {
    const given = inputs.map((spec) => ({ spec, tensor: tensors[spec.name] as Tensor }));
    return {
      model_name: model.name,
      model_version: model.version ?? '',
      inputs: given.map(({ spec, tensor: { datatype, shape } }) => ({ name: spec.name, datatype, shape: shape.map(String) })),
      outputs: outputs.map(({ name }) => ({ name })),
      raw_input_contents: given.map(({ spec, tensor }) => rawOf(spec, tensor)),
    }; // prettier-ignore
  },
  decode: (description, answer) => {
    const { outputs } = description;
    const { maxMessageBytes } = settingsOf(description);
    const { outputs: given, raw_output_contents: raw } = answer as Answer;
    if (raw.length > 0 && raw.length !== given.length)
      throw malformedAnswer(`${raw.length} raw tensors came for ${given.length} outputs`);
    return Object.fromEntries(
      outputs.map((spec) => {
        const index = given.findIndex(({ name }) => name === spec.name);
        const tensor = given[index];
        if (tensor === undefined) throw malformedAnswer(`it has no output "${spec.name}"; it has ${given.map(({ name }) => name).join(', ')}`);
        return [spec.name, tensorFrom(spec, { tensor, raw: raw[index], maxMessageBytes })];
      }),
    ); // prettier-ignore
  },
};

function rawOf(spec: RemoteTensor, tensor: Tensor): Buffer {
  const { data } = tensor;
  if (!Array.isArray(data)) return numbersToBytes(data);
  return Buffer.concat(
    textsToBytes(spec, tensor).flatMap((bytes) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    }),
  );
}

interface AnsweredTensor {
  readonly tensor: InferTensor;
  readonly raw: Uint8Array | undefined;
  readonly maxMessageBytes: number;
}

function tensorFrom(spec: RemoteTensor, { tensor, raw, maxMessageBytes }: AnsweredTensor): Tensor {
  const { datatype } = spec;
  if (tensor.datatype !== datatype) {
    const known = datatypes.some((name) => name === tensor.datatype);
    throw malformedAnswer(`the output "${spec.name}" is ${known ? tensor.datatype : JSON.stringify(tensor.datatype)}, but is described as ${datatype}`); // prettier-ignore
  }
  const { shape, count } = answeredShape(spec, tensor.shape, maxMessageBytes);
  if (raw !== undefined) {
    const data =
      datatype === 'BYTES' ? textsFromBytes(spec, splitTexts(raw), count) : numbersFromBytes(datatype, raw, count);
    return { datatype, shape, data };
  }
  const values = tensor.contents?.[contentFields[datatype] ?? ''] ?? [];
  const data =
    datatype === 'BYTES'
      ? textsFromBytes(spec, values as readonly Uint8Array[], count)
      : numbersFromList(values, { datatype, count, mayEndEarly: false });
  return { datatype, shape, data };
}

/** Takes texts apart that stand behind one another, each with its length in four bytes before it. */
function splitTexts(raw: Uint8Array): Uint8Array[] {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const texts: Uint8Array[] = [];
  for (let at = 0; at < raw.byteLength;) {
    const length = at + 4 <= raw.byteLength ? view.getUint32(at, true) : Number.POSITIVE_INFINITY;
    if (at + 4 + length > raw.byteLength) throw malformedAnswer('a text is longer than what came');
    texts.push(raw.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return texts;
}

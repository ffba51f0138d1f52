import { isUtf8 } from 'node:buffer';
import { defaultLimits, readOipRequest } from '@edgewright/engine';
import type { LoadedModel, OipRequest } from '@edgewright/engine';
import { WebError } from '../web-error.ts';
import type { InferParameters, InferTensor, InferTensorContents, ModelInferRequest } from './grpc-messages.ts';

/** Where the elements of a datatype are when they do not come as raw bytes. Halves always do. */
const CONTENTS: Readonly<Record<string, keyof InferTensorContents>> = {
  BOOL: 'bool_contents',
  INT8: 'int_contents',
  INT16: 'int_contents',
  INT32: 'int_contents',
  INT64: 'int64_contents',
  UINT8: 'uint_contents',
  UINT16: 'uint_contents',
  UINT32: 'uint_contents',
  UINT64: 'uint64_contents',
  FP32: 'fp32_contents',
  FP64: 'fp64_contents',
  BYTES: 'bytes_contents',
};

/**
 * Reads a `ModelInferRequest`: by the rules of the protocol's JSON form, of which it is the same in other clothes.
 *
 * @throws EngineError `InputInvalid`; WebError `RequestInvalid`
 */
export function readInferRequest(request: ModelInferRequest, model: LoadedModel): OipRequest {
  const { id, inputs, outputs, raw_input_contents: raw, parameters } = request;
  if (raw.length > 0 && raw.length !== inputs.length) {
    throw invalid('raw_input_contents', `it has ${raw.length} elements for ${inputs.length} inputs; once one is raw, all must be`);
  } // prettier-ignore
  const form = {
    ...(id === '' ? {} : { id }),
    inputs: inputs.map((input, index) => (raw.length > 0 ? rawInput(input, raw[index], index) : listedInput(input, index))),
    ...(outputs.length === 0 ? {} : { outputs: outputs.map(({ name, ...rest }) => ({ name, parameters: plain(rest.parameters) })) }),
    parameters: plain(parameters),
  }; // prettier-ignore
  // one tensor, the common case, is not copied together
  const bytes = raw.length === 1 ? (raw[0] as Buffer) : Buffer.concat(raw);
  return readOipRequest(form, bytes, { model, maxElements: defaultLimits.tensorElements });
}

function rawInput(
  { name, datatype, shape, parameters, contents }: InferTensor,
  raw: Buffer | undefined,
  index: number,
) {
  if (contents !== null && Object.values(contents).some((list: readonly unknown[]) => list.length > 0)) {
    throw invalid(`inputs[${index}].contents`, 'the elements are in raw_input_contents already');
  }
  const size = { binary_data_size: raw?.length ?? 0 };
  return { name, datatype, shape: shape.map(Number), parameters: { ...plain(parameters), ...size } };
}

function listedInput({ name, datatype, shape, parameters, contents }: InferTensor, index: number) {
  const field = CONTENTS[datatype];
  if (datatype === 'FP16' || datatype === 'BF16')
    throw invalid(`inputs[${index}]`, `${datatype} comes in raw_input_contents alone`);
  const elements: readonly unknown[] = field === undefined ? [] : (contents?.[field] ?? []);
  return {
    name,
    datatype,
    shape: shape.map(Number),
    parameters: plain(parameters),
    data: elements.map((element) => elementOf(element, datatype, index)),
  };
}

function elementOf(element: unknown, datatype: string, index: number): unknown {
  if (datatype === 'INT64' || datatype === 'UINT64') return BigInt(element as string);
  if (!Buffer.isBuffer(element)) return element;
  if (isUtf8(element)) return element.toString();
  throw invalid(`inputs[${index}].contents.bytes_contents`, 'it has no UTF-8 text: the runtimes carry text only');
}

function plain(parameters: InferParameters): Record<string, unknown> {
  const entries = Object.entries(parameters).map(([name, parameter]) => {
    const value = parameter.parameter_choice === undefined ? undefined : parameter[parameter.parameter_choice];
    return [name, value] as const;
  });
  return Object.fromEntries(entries);
}

function invalid(place: string, fault: string): WebError {
  return new WebError('RequestInvalid', `cannot read the request at ${place}: ${fault}`, { details: { path: place } });
}

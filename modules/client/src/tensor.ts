import { datatypes, typedArrays } from '@edgewright/contract';
import type { Datatype } from '@edgewright/contract';
import { ClientError } from './client-error.ts';

/** The elements of a tensor, row by row. Of FP16 and BF16 the bits, truth values 0 or 1. */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | readonly string[];

export interface Tensor {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** Tensors by the names of a model's inputs or outputs. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

/** A request of the Open Inference Protocol with its tensors as bytes behind the JSON. */
export interface EncodedRequest {
  readonly body: Uint8Array<ArrayBuffer>;
  /** `Inference-Header-Content-Length`: bytes of the JSON. */
  readonly headerLength: number;
}

export function encodeRequest(inputs: NamedTensors, id: string): EncodedRequest {
  const tensors = Object.entries(inputs).map(([name, tensor]) => ({ name, tensor, bytes: bytesOf(tensor) }));
  const header = new TextEncoder().encode(
    JSON.stringify({
      id,
      parameters: { binary_data_output: true },
      inputs: tensors.map(({ name, tensor: { datatype, shape }, bytes }) => ({
        name,
        datatype,
        shape,
        parameters: { binary_data_size: bytes.length },
      })),
    }),
  );
  return { body: joined([header, ...tensors.map(({ bytes }) => bytes)]), headerLength: header.length };
}

/**
 * Reads an answer of the Open Inference Protocol.
 *
 * @param headerLength bytes of the JSON; undefined: all of it
 * @throws ClientError `AnswerInvalid`
 */
export function decodeAnswer(
  body: Uint8Array,
  headerLength: number | undefined,
): { readonly model: { readonly name: string; readonly version: string }; readonly outputs: NamedTensors } {
  const length = headerLength ?? body.length;
  const header = parse(body.subarray(0, length));
  const outputs: Record<string, Tensor> = {};
  let at = length;
  for (const { name, datatype, shape, data, parameters } of header.outputs) {
    if (!datatypes.includes(datatype)) throw invalid(`the output "${name}" has the datatype "${datatype}"`);
    const size = parameters?.binary_data_size;
    const bytes = size === undefined ? undefined : body.subarray(at, at + size);
    at += size ?? 0;
    if (bytes !== undefined && bytes.length !== size) throw invalid(`the output "${name}" ends early`);
    const count = shape.reduce((product, dimension) => product * dimension, 1);
    const found = bytes === undefined ? fromList(data ?? [], datatype) : fromBytes(bytes, datatype);
    if (found.length !== count) throw invalid(`the output "${name}" has ${found.length} elements for the shape [${shape.join(',')}]`); // prettier-ignore
    outputs[name] = { datatype, shape, data: found };
  }
  return { model: { name: header.model_name, version: header.model_version ?? '' }, outputs };
}

interface AnswerHeader {
  readonly model_name: string;
  readonly model_version?: string;
  readonly outputs: readonly {
    readonly name: string;
    readonly datatype: Datatype;
    readonly shape: readonly number[];
    readonly data?: readonly unknown[];
    readonly parameters?: { readonly binary_data_size?: number };
  }[];
}

function parse(bytes: Uint8Array): AnswerHeader {
  try {
    const header = JSON.parse(new TextDecoder().decode(bytes)) as AnswerHeader;
    if (Array.isArray(header.outputs)) return header;
  } catch (cause) {
    throw invalid('it is no JSON', cause);
  }
  throw invalid('it has no "outputs"');
}

function bytesOf({ datatype, data }: Tensor): Uint8Array {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (datatype !== 'BYTES') return bytesOf({ datatype, shape: [], data: fromList(data, datatype) });
  return joined(
    data.flatMap((text) => {
      const bytes = new TextEncoder().encode(text);
      const length = new Uint8Array(4);
      new DataView(length.buffer).setUint32(0, bytes.length, true);
      return [length, bytes];
    }),
  );
}

function fromBytes(bytes: Uint8Array, datatype: Datatype): TensorData {
  if (datatype === 'BYTES') return textsOf(bytes);
  const array = typedArrays[datatype];
  if (bytes.length % array.BYTES_PER_ELEMENT !== 0) throw invalid(`${bytes.length} bytes are no ${datatype}`);
  // a copy: what is read need not be aligned
  return new array(new Uint8Array(bytes).buffer);
}

function fromList(values: readonly unknown[], datatype: Datatype): TensorData {
  if (datatype === 'BYTES') return values.map(String);
  if (datatype === 'INT64' || datatype === 'UINT64') {
    return typedArrays[datatype].from(values.map((value) => BigInt(value as number | string)));
  }
  return typedArrays[datatype].from(values.map(Number));
}

function textsOf(bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = at + 4 <= bytes.length ? view.getUint32(at, true) : Number.POSITIVE_INFINITY;
    if (at + 4 + length > bytes.length) throw invalid('a text is longer than what came');
    texts.push(new TextDecoder().decode(bytes.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return texts;
}

/** All parts behind one another. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function invalid(fault: string, cause?: unknown): ClientError {
  return new ClientError('AnswerInvalid', `cannot read the answer: ${fault}`, cause === undefined ? {} : { cause });
}

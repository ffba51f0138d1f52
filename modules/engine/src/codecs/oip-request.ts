import { isUtf8 } from 'node:buffer';
import { datatypes } from '@edgewright/contract';
import type { TensorSpec } from '@edgewright/contract';
import { elementCount } from '../array-of.ts';
import { EngineError } from '../engine-error.ts';
import type { LoadedModel } from '../engine.ts';
import type { NamedTensors, Tensor } from '../tensor.ts';
import { tensorFromFlat, tensorFromNested } from './json-tensor.ts';
import { parseExactJson } from './parse-exact-json.ts';
import { deriveShape } from './raw-tensor.ts';
import { tensorFromBytes } from './tensor-bytes.ts';

/** An output that a caller wants. */
export interface WantedOutput {
  readonly name: string;
  /** As bytes behind the JSON, or in it. */
  readonly binary: boolean;
}

/** A request of the Open Inference Protocol, read. */
export interface OipRequest {
  readonly id?: string;
  readonly inputs: NamedTensors;
  readonly outputs: readonly WantedOutput[];
}

export interface OipLimits {
  readonly maxElements: number;
}

type Loose = Readonly<Record<string, unknown>>;

const MAX_RANK = 32;
// names of extensions that change what is answered: better refused than ignored
const REFUSED = ['classification', 'shared_memory_region', 'shared_memory_byte_size', 'shared_memory_offset'];

/**
 * Reads a request of the Open Inference Protocol: JSON, JSON with tensors as bytes behind it, or the bytes of the only input.
 *
 * @param headerLength `Inference-Header-Content-Length`: bytes of the JSON; 0 when there is none; undefined for JSON alone
 * @throws EngineError `InputInvalid`
 */
export function decodeOipRequest(
  body: Uint8Array,
  headerLength: number | undefined,
  { model, maxElements }: OipLimits & { readonly model: LoadedModel },
): OipRequest {
  const length = headerLength ?? body.length;
  if (!Number.isSafeInteger(length) || length < 0 || length > body.length) {
    throw invalid('$', `Inference-Header-Content-Length is ${headerLength}, but the body has ${body.length} bytes`);
  }
  if (headerLength === 0) return decodeRaw(body, model, maxElements);
  return readOipRequest(parse(body.subarray(0, length)), body.subarray(length), { model, maxElements });
}

/**
 * Reads the JSON of a request of the Open Inference Protocol that was parsed already, and the bytes behind it.
 *
 * @throws EngineError `InputInvalid`
 */
export function readOipRequest(
  parsed: unknown,
  bytes: Uint8Array,
  { model, maxElements }: OipLimits & { readonly model: LoadedModel },
): OipRequest {
  const { id, inputs, outputs, parameters } = objectAt(parsed, '$');
  if (id !== undefined && typeof id !== 'string') throw invalid('$.id', `expected a string, found ${describe(id)}`);
  const tensors: Record<string, Tensor> = Object.create(null) as Record<string, Tensor>;
  const rest = { bytes, at: 0 };
  for (const [index, input] of listAt(inputs, '$.inputs').entries()) {
    const path = `$.inputs[${index}]`;
    const { name, ...tensor } = readInput(objectAt(input, path), { path, rest, maxElements });
    if (Object.hasOwn(tensors, name)) throw invalid(`${path}.name`, `the input "${name}" is there twice`);
    tensors[name] = tensor;
  }
  if (rest.at !== bytes.length) throw invalid('$', `${bytes.length - rest.at} bytes are left behind the tensors that the JSON names`); // prettier-ignore
  const byDefault = objectAt(parameters ?? {}, '$.parameters')['binary_data_output'] === true;
  return {
    ...(id === undefined ? {} : { id }),
    inputs: { ...tensors },
    outputs: readOutputs(outputs, model, byDefault),
  };
}

/** The outputs that are answered when a caller names none. */
function allOutputs(model: LoadedModel, binary: boolean): readonly WantedOutput[] {
  return model.signature.outputs.map(({ name }) => ({ name, binary }));
}

function decodeRaw(body: Uint8Array, model: LoadedModel, maxElements: number): OipRequest {
  const [spec, ...others] = model.signature.inputs;
  if (spec === undefined || others.length > 0) {
    throw invalid('$', `a request without a JSON header is for models with one input, but ${model.name} has ${others.length + 1}`); // prettier-ignore
  }
  const shape = deriveShape(body, spec);
  const place = { what: `the input "${spec.name}"`, maxElements };
  return {
    inputs: { [spec.name]: tensorFromBytes(body, { datatype: spec.datatype, shape }, place) },
    outputs: allOutputs(model, true),
  };
}

interface InputPlace {
  readonly path: string;
  readonly rest: { readonly bytes: Uint8Array; at: number };
  readonly maxElements: number;
}

function readInput(input: Loose, place: InputPlace): Tensor & { readonly name: string } {
  const { path, rest, maxElements } = place;
  const name = input['name'];
  if (typeof name !== 'string' || name === '') throw invalid(`${path}.name`, `expected the name of an input, found ${describe(name)}`); // prettier-ignore
  const datatype = datatypes.find((each) => each === input['datatype']);
  if (datatype === undefined) throw invalid(`${path}.datatype`, `expected one of ${datatypes.join(', ')}, found ${describe(input['datatype'])}`); // prettier-ignore
  const shape = readShape(input['shape'], place);
  const parameters = objectAt(input['parameters'] ?? {}, `${path}.parameters`);
  refuseExtensions(parameters, `${path}.parameters`);
  const size = parameters['binary_data_size'];
  if (size === undefined) return { name, ...readData(input['data'], { name, datatype, shape }, place) };
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0 || size > rest.bytes.length - rest.at) {
    throw invalid(`${path}.parameters.binary_data_size`, `it is ${describe(size)}, but ${rest.bytes.length - rest.at} bytes are left in the body`); // prettier-ignore
  }
  const own = rest.bytes.subarray(rest.at, rest.at + size);
  rest.at += size;
  return { name, ...tensorFromBytes(own, { datatype, shape }, { what: `the input "${name}"`, maxElements }) };
}

function readShape(shape: unknown, { path, maxElements }: InputPlace): number[] {
  const list = listAt(shape, `${path}.shape`);
  if (list.length > MAX_RANK) throw invalid(`${path}.shape`, `it has ${list.length} dimensions; the limit is ${MAX_RANK}`); // prettier-ignore
  const fault = list.findIndex((size) => typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0);
  if (fault >= 0) throw invalid(`${path}.shape[${fault}]`, `expected a whole number from 0, found ${describe(list[fault])}`); // prettier-ignore
  const sizes = [...(list as readonly number[])];
  const count = elementCount(sizes);
  if (!(count <= maxElements)) throw invalid(`${path}.shape`, `it has ${count} elements; the limit is ${maxElements}`);
  return sizes;
}

function readData(data: unknown, spec: TensorSpec, { path, maxElements }: InputPlace): Tensor {
  if (!Array.isArray(data)) throw invalid(`${path}.data`, `expected an array, found ${describe(data)}`);
  const place = { path: `${path}.data`, maxElements };
  if (!Array.isArray(data[0])) return tensorFromFlat(data, spec, place);
  // no wanted shape means any shape to the reader of nested arrays
  if (spec.shape.length === 0) throw invalid(`${path}.data`, 'expected one element for the shape []');
  return tensorFromNested(data, spec, place);
}

function readOutputs(outputs: unknown, model: LoadedModel, byDefault: boolean): readonly WantedOutput[] {
  if (outputs === undefined) return allOutputs(model, byDefault);
  const known = model.signature.outputs.map(({ name }) => name);
  const wanted = listAt(outputs, '$.outputs').map((output, index) => {
    const path = `$.outputs[${index}]`;
    const { name, parameters } = objectAt(output, path);
    if (typeof name !== 'string' || !known.includes(name)) throw invalid(`${path}.name`, `${model.name} has no output ${describe(name)}; there is ${known.join(', ')}`); // prettier-ignore
    const own = objectAt(parameters ?? {}, `${path}.parameters`);
    refuseExtensions(own, `${path}.parameters`);
    return { name, binary: typeof own['binary_data'] === 'boolean' ? own['binary_data'] : byDefault };
  });
  // none named means all of them
  return wanted.length === 0 ? allOutputs(model, byDefault) : wanted;
}

function refuseExtensions(parameters: Loose, path: string): void {
  const found = REFUSED.find((name) => Object.hasOwn(parameters, name));
  if (found !== undefined) throw invalid(`${path}.${found}`, 'this extension of the protocol is not served');
}

function parse(bytes: Uint8Array): unknown {
  if (!isUtf8(bytes)) throw invalid('$', 'the JSON is not UTF-8 text');
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  try {
    return parseExactJson(text);
  } catch (cause) {
    throw new EngineError('InputInvalid', `cannot read the request: it is no JSON: ${(cause as Error).message}`, { details: { path: '$' }, cause }); // prettier-ignore
  }
}

function objectAt(value: unknown, path: string): Loose {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Loose;
  throw invalid(path, `expected an object, found ${describe(value)}`);
}

function listAt(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw invalid(path, `expected an array, found ${describe(value)}`);
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === 'object' && value !== null ? 'an object' : JSON.stringify(value).slice(0, 60);
}

function invalid(path: string, fault: string): EngineError {
  return new EngineError('InputInvalid', `cannot read the request at ${path}: ${fault}`, { details: { path } });
}

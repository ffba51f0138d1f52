import type { TensorSpec } from '@edgewright/contract';
import { arrayOf } from '../array-of.ts';
import { EngineError } from '../engine-error.ts';
import type { LoadedModel } from '../engine.ts';
import type { NamedTensors } from '../tensor.ts';
import { tensorFromBytes } from './tensor-bytes.ts';

/** What goes with the bytes of one tensor. */
export interface RawTensorOptions {
  readonly model: LoadedModel;
  /** The input's name; may be left out when there is one. */
  readonly input?: string;
  /** Such as `1,3,224,224`; may be left out when at most one dimension is free. */
  readonly shape?: string;
  readonly maxElements: number;
}

/**
 * Reads a body that is nothing but the bytes of one input.
 *
 * @throws EngineError `InputInvalid`
 */
export function decodeRawTensor(body: Uint8Array, options: RawTensorOptions): NamedTensors {
  const { model, input, maxElements } = options;
  const { inputs } = model.signature;
  const spec = input === undefined && inputs.length === 1 ? inputs[0] : inputs.find(({ name }) => name === input);
  if (spec === undefined || inputs.length > 1) {
    const names = inputs.map(({ name }) => name).join(', ');
    throw invalid(
      inputs.length > 1
        ? `bytes of one tensor are for models with one input, but ${model.name} has ${names}: send tensors of the Open Inference Protocol`
        : `${model.name} has no input "${input}"; there is ${names}`,
    );
  }
  const shape = options.shape === undefined ? deriveShape(body, spec) : parseShape(options.shape);
  const place = { what: `the input "${spec.name}"`, maxElements };
  return { [spec.name]: tensorFromBytes(body, { datatype: spec.datatype, shape }, place) };
}

/**
 * The shape that so many bytes have: the declared one, with its free dimension as large as they allow.
 *
 * @throws EngineError `InputInvalid`
 */
export function deriveShape(body: Uint8Array, spec: TensorSpec): readonly number[] {
  const free = spec.shape.filter((size) => size === -1).length;
  const text = `${spec.datatype}[${spec.shape.join(',')}]`;
  // text elements have a length of their own, so that only a shape without free dimensions says how many there are
  if (free > 1 || (free === 1 && spec.datatype === 'BYTES')) throw invalid(`the input "${spec.name}" is ${text}: send the shape with it`); // prettier-ignore
  if (free === 0 || spec.datatype === 'BYTES') return spec.shape;
  const fixed = spec.shape.reduce((product, size) => (size === -1 ? product : product * size), arrayOf(spec.datatype).BYTES_PER_ELEMENT); // prettier-ignore
  const size = body.length / fixed;
  if (!Number.isSafeInteger(size)) throw invalid(`the input "${spec.name}" is ${text}, of which ${body.length} bytes are no whole number of ${fixed}`); // prettier-ignore
  return spec.shape.map((each) => (each === -1 ? size : each));
}

function parseShape(text: string): readonly number[] {
  const sizes = text.trim() === '' ? [] : text.split(',').map((part) => part.trim());
  const fault = sizes.find((part) => !/^\d{1,10}$/.test(part));
  if (fault !== undefined || sizes.length > 32) throw invalid(`the shape "${text.slice(0, 100)}" is none: send whole numbers with commas, such as 1,3,224,224`); // prettier-ignore
  return sizes.map(Number);
}

function invalid(fault: string): EngineError {
  return new EngineError('InputInvalid', `cannot read the request: ${fault}`);
}

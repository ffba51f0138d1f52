import { tensorSpecText } from '@edgewright/contract';
import type { ModelSignature, TensorSpec } from '@edgewright/contract';
import { arrayOf, elementCount } from '../array-of.ts';
import { EngineError } from '../engine-error.ts';
import type { NamedTensors, Tensor } from '../tensor.ts';

/** What inputs are held to. */
export interface InputRules {
  /** For messages. */
  readonly model: string;
  readonly signature: ModelSignature;
  readonly maxElements: number;
}

/**
 * Checks tensors against what a model takes, so that the runtime never sees what it would refuse with less to say.
 *
 * @throws EngineError `InputInvalid`
 */
export function checkInputs({ model, signature, maxElements }: InputRules, inputs: NamedTensors): void {
  for (const spec of signature.inputs) {
    const tensor = inputs[spec.name];
    if (tensor === undefined) {
      throw refuse(model, spec, `the input "${spec.name}" is missing; given: ${namesOf(inputs)}`);
    }
    const fault = faultOf(spec, tensor, maxElements);
    if (fault !== undefined) throw refuse(model, spec, `the input "${spec.name}" ${fault}`);
  }
  if (Object.keys(inputs).length === signature.inputs.length) return;
  const known = signature.inputs.map((spec) => spec.name);
  const unknown = Object.keys(inputs).find((name) => !known.includes(name));
  throw new EngineError(
    'InputInvalid',
    `cannot score with ${model}: it has no input "${unknown}"; its inputs are ${known.join(', ')}`,
    { details: { model, input: unknown, known } },
  );
}

function faultOf(spec: TensorSpec, tensor: Tensor, maxElements: number): string | undefined {
  if (tensor.datatype !== spec.datatype) return mismatch(spec, tensor);
  for (const dimension of tensor.shape) {
    if (!Number.isSafeInteger(dimension) || dimension < 0) return `has the shape [${tensor.shape.join(',')}]; dimensions are whole numbers from 0`; // prettier-ignore
  }
  // the runtimes tell an input of unknown rank and a scalar alike: the rank of neither can be checked here
  if (spec.shape.length > 0 && !fits(spec.shape, tensor.shape)) return mismatch(spec, tensor);
  const count = elementCount(tensor.shape);
  if (count > maxElements) return `has ${count} elements; the limit is ${maxElements}`;
  if (tensor.data.length !== count)
    return `is ${tensorSpecText(tensor)}, which takes ${count} elements, but has ${tensor.data.length}`;
  if (!holds(tensor)) return `is ${tensor.datatype}, but its elements are in a ${tensor.data.constructor.name}`;
  return undefined;
}

function mismatch(spec: TensorSpec, tensor: Tensor): string {
  return `is ${tensorSpecText(tensor)} but must be ${tensorSpecText(spec)}`;
}

function fits(wanted: readonly number[], given: readonly number[]): boolean {
  if (wanted.length !== given.length) return false;
  for (let i = 0; i < wanted.length; i += 1) {
    if (wanted[i] !== -1 && wanted[i] !== given[i]) return false;
  }
  return true;
}

function holds({ datatype, data }: Tensor): boolean {
  return datatype === 'BYTES' ? Array.isArray(data) : data instanceof arrayOf(datatype);
}

function refuse(model: string, spec: TensorSpec, fault: string): EngineError {
  return new EngineError('InputInvalid', `cannot score with ${model}: ${fault}`, {
    details: { model, input: spec.name, expected: spec },
  });
}

function namesOf(inputs: NamedTensors): string {
  const names = Object.keys(inputs);
  return names.length === 0 ? 'none' : names.join(', ');
}

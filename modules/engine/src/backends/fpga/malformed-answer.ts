import { EngineError } from '../../engine-error.ts';

/** The error of an answer that does not hold together. */
export function malformedAnswer(reason: string): EngineError {
  return new EngineError('AcceleratorFailed', `cannot read the answer of the accelerator: ${reason}`);
}

import type { ModelSignature } from '@edgewright/contract';
import { elementCount, zeros } from '../array-of.ts';
import type { NamedTensors } from '../tensor.ts';

/** Zeros that fit a model: free dimensions are 1. */
export function zeroInputs(signature: ModelSignature): NamedTensors {
  return Object.fromEntries(
    signature.inputs.map(({ name, datatype, shape }) => {
      const fixed = shape.map((dimension) => (dimension === -1 ? 1 : dimension));
      return [name, { datatype, shape: fixed, data: zeros(datatype, elementCount(fixed)) }];
    }),
  );
}

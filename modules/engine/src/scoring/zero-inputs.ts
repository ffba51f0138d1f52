import type { ModelSignature } from '@edgewright/contract';
import { elementCount, zeros } from '../array-of.ts';
import type { NamedTensors } from '../tensor.ts';

/**
 * Zeros that fit a model: free dimensions are 1.
 *
 * @param rows the first dimension, where it is free
 */
export function zeroInputs(signature: ModelSignature, rows = 1): NamedTensors {
  return Object.fromEntries(
    signature.inputs.map(({ name, datatype, shape }) => {
      const fixed = shape.map((dimension, at) => (dimension !== -1 ? dimension : at === 0 ? rows : 1));
      return [name, { datatype, shape: fixed, data: zeros(datatype, elementCount(fixed)) }];
    }),
  );
}

import { bytesFromTensor, encodeJsonAnswer } from '@edgewright/engine';
import type { NamedTensors } from '@edgewright/engine';
import { WebError } from '../web-error.ts';

/** The body of an answer, and the headers that say what it is. */
export interface EncodedTensors {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** The answer to the bytes of one tensor: JSON, or the bytes of the only output with its type and shape in headers. */
export function encodeTensorAnswer(outputs: NamedTensors, { bytes }: { readonly bytes: boolean }): EncodedTensors {
  if (!bytes) {
    const body = Buffer.from(JSON.stringify(encodeJsonAnswer(outputs, 'rows')));
    return { body, headers: { 'content-type': 'application/json; charset=utf-8' } };
  }
  const [[name, tensor], ...others] = Object.entries(outputs) as [[string, NamedTensors[string]]];
  if (others.length > 0) {
    throw new WebError('RequestInvalid', `the model has the outputs ${Object.keys(outputs).join(', ')}, and bytes can be those of one: accept application/json, or send tensors of the Open Inference Protocol`); // prettier-ignore
  }
  return {
    body: bytesFromTensor(tensor),
    headers: {
      'content-type': 'application/octet-stream',
      'x-edgewright-output': encodeURIComponent(name),
      'x-edgewright-datatype': tensor.datatype,
      'x-edgewright-shape': tensor.shape.join(','),
    },
  };
}

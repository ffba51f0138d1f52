import { bfloatToNumber, halfToNumber } from '@edgewright/engine';
import type { NamedTensors, Tensor } from '@edgewright/engine';
import type { CollectedPayload, CollectedRequest } from '../rows/collected-request.ts';

/**
 * A request as another thread can have it: 16-bit numbers are numbers, and no array is a view into a larger one, all of which would be
 * copied.
 */
export function readyToPost(request: CollectedRequest): CollectedRequest {
  const { inputs, predictions } = request;
  return { ...request, inputs: readyPayload(inputs), predictions: readyPayload(predictions) };
}

function readyPayload(payload: CollectedPayload): CollectedPayload {
  if (payload.kind === 'bytes') return { ...payload, bytes: alone(payload.bytes) };
  if (payload.kind !== 'tensors') return payload;
  const tensors: NamedTensors = Object.fromEntries(
    Object.entries(payload.tensors).map(([name, tensor]) => [name, readyTensor(tensor)]),
  );
  return { kind: 'tensors', tensors };
}

function readyTensor({ datatype, shape, data }: Tensor): Tensor {
  if (Array.isArray(data)) return { datatype, shape, data };
  if (datatype === 'FP16') return { datatype, shape, data: Float32Array.from(data as Uint16Array, halfToNumber) };
  if (datatype === 'BF16') return { datatype, shape, data: Float32Array.from(data as Uint16Array, bfloatToNumber) };
  return { datatype, shape, data: alone(data) };
}

function alone<Data extends { readonly byteLength: number; readonly buffer: ArrayBufferLike; slice(): Data }>(
  data: Data,
): Data {
  return data.byteLength === data.buffer.byteLength ? data : data.slice();
}

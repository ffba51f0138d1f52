import type { NamedTensors, Tensor } from '../tensor.ts';
import { flatFromTensor } from './json-tensor.ts';
import type { WantedOutput } from './oip-request.ts';
import { bytesFromTensor } from './tensor-bytes.ts';

export interface OipResponseFacts {
  readonly model: { readonly name: string; readonly version: number };
  readonly id?: string;
  readonly wanted: readonly WantedOutput[];
}

/** An answer of the Open Inference Protocol. */
export interface OipResponse {
  readonly body: Buffer;
  /** `Inference-Header-Content-Length`: bytes of the JSON, when tensors stand behind it. */
  readonly headerLength?: number;
}

/** Writes an answer of the Open Inference Protocol, with tensors in the JSON or as bytes behind it, as each was asked for. */
export function encodeOipResponse(outputs: NamedTensors, { model, id, wanted }: OipResponseFacts): OipResponse {
  const tensors: Uint8Array[] = [];
  const described = wanted.map(({ name, binary }) => {
    const tensor = outputs[name] as Tensor;
    const { datatype, shape } = tensor;
    if (!binary) return { name, datatype, shape, data: flatFromTensor(tensor) };
    const bytes = bytesFromTensor(tensor);
    tensors.push(bytes);
    return { name, datatype, shape, parameters: { binary_data_size: bytes.length } };
  });
  const header = Buffer.from(
    JSON.stringify({
      model_name: model.name,
      model_version: String(model.version),
      ...(id === undefined ? {} : { id }),
      outputs: described,
    }),
  );
  return tensors.length === 0
    ? { body: header }
    : { body: Buffer.concat([header, ...tensors]), headerLength: header.length };
}

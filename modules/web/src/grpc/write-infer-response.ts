import { bytesFromTensor } from '@edgewright/engine';
import type { LoadedModel, NamedTensors, OipRequest, Tensor } from '@edgewright/engine';
import type { ModelInferResponse } from './grpc-messages.ts';

/** Writes a `ModelInferResponse` with the outputs that were asked for, as raw bytes: every client must take them so. */
export function writeInferResponse(
  { id, outputs: wanted }: OipRequest,
  model: LoadedModel,
  outputs: NamedTensors,
): ModelInferResponse & object {
  const tensors = wanted.map(({ name }) => ({ name, tensor: outputs[name] as Tensor }));
  return {
    model_name: model.name,
    model_version: String(model.version),
    id: id ?? '',
    outputs: tensors.map(({ name, tensor: { datatype, shape } }) => ({ name, datatype, shape: shape.map(String) })),
    raw_output_contents: tensors.map(({ tensor }) => bytesFromTensor(tensor)),
  };
}

import type { SamplingReason } from '@edgewright/contract';
import type { LoadedModel, ObservedInput, ObservedOutput, ScoringObservation } from '@edgewright/engine';
import type { CollectedPayload, CollectedRequest } from '../rows/collected-request.ts';

/** What is kept of a scored request, still as it is. */
export function requestOf(observation: ScoringObservation, host: string, sampledBy: SamplingReason): CollectedRequest {
  const { requestId, correlationId, at, input, output, engine } = observation;
  const model = modelOf(observation);
  const [onlyInput, ...otherInputs] = model?.signature.inputs ?? [];
  const [onlyOutput, ...otherOutputs] = model?.signature.outputs ?? [];
  // values of an entry script are its own, and not those of the model
  const named = !engine.entryScript || 'tensors' in input;
  return {
    requestId,
    ...(correlationId === undefined ? {} : { correlationId }),
    at,
    host,
    model: model?.name ?? 'model',
    version: String(model?.version ?? 0),
    sampledBy,
    inputs: inputOf(input),
    predictions: outputOf(output),
    ...(named && onlyInput !== undefined && otherInputs.length === 0 ? { inputName: onlyInput.name } : {}),
    ...(named && onlyOutput !== undefined && otherOutputs.length === 0 ? { outputName: onlyOutput.name } : {}),
  };
}

/** The result in the terms of JSON Pointers to a confidence. */
export function resultOf(output: ObservedOutput): unknown {
  if (!('tensors' in output)) return output.value;
  return { outputs: Object.fromEntries(Object.entries(output.tensors).map(([name, { data }]) => [name, data])) };
}

function modelOf({ model, input, engine }: ScoringObservation): LoadedModel | undefined {
  const inBody =
    'tensors' in input || engine.entryScript ? undefined : (input.data as { model?: unknown } | null)?.model;
  const wanted = model ?? inBody;
  return engine.models.find(({ name }) => name === wanted) ?? engine.models[0];
}

function inputOf(input: ObservedInput): CollectedPayload {
  if ('tensors' in input) return { kind: 'tensors', tensors: input.tensors };
  const { data, image, http } = input;
  if (image !== undefined) return { kind: 'bytes', bytes: image };
  if (data !== undefined) return { kind: 'json', value: data };
  return http === undefined || http.body.length === 0 ? { kind: 'nothing' } : { kind: 'bytes', bytes: http.body };
}

/** An answer that is streamed belongs to its reader, and is not kept. */
function outputOf(output: ObservedOutput): CollectedPayload {
  if ('tensors' in output) return { kind: 'tensors', tensors: output.tensors };
  const { value, answer } = output;
  if (answer === undefined) return { kind: 'json', value };
  if (!(answer.body instanceof Uint8Array)) return { kind: 'nothing' };
  const type = answer.headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  return { kind: 'bytes', bytes: answer.body, ...(/[/+]json\b/.test(type) ? { isJson: true } : {}) };
}

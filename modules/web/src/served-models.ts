import type { ModelSignature } from '@edgewright/contract';
import type { EngineDescription, LoadedModel } from '@edgewright/engine';
import manifest from '../package.json' with { type: 'json' };
import type { ModelIndex } from './repository/model-index.ts';
import type { ModelRepository } from './repository/model-repository.ts';
import { WebError } from './web-error.ts';

/** The names by which the Open Inference Protocol knows the formats of models: `<project>_<format>`. */
const PLATFORMS: Readonly<Record<EngineDescription['backend'], string>> = {
  onnx: 'onnx_onnxv1',
  wasm: 'onnx_onnxv1',
  tfjs: 'tensorflowjs_model',
  fpga: 'edgewright_remote',
};

/** What the Open Inference Protocol says of a server. */
export interface ServerMetadata {
  readonly name: string;
  readonly version: string;
  readonly extensions: readonly string[];
}

/** What the Open Inference Protocol says of a model. */
export interface ModelMetadata extends ModelSignature {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
}

export const serverMetadata: ServerMetadata = {
  name: 'edgewright',
  version: manifest.version,
  extensions: ['binary_tensor_data', 'statistics', 'model_repository'],
};

/**
 * The model of a name, and of a version when one is given.
 *
 * @param repository where it may be and not be loaded
 * @throws WebError `ModelUnknown`, `ModelNotLoaded`
 */
export function servedModel(
  { models }: EngineDescription,
  { name, version = '' }: { readonly name: string; readonly version?: string | undefined },
  repository?: ModelRepository,
): LoadedModel {
  const found = models.find((model) => model.name === name && (version === '' || String(model.version) === version));
  if (found !== undefined) return found;
  const missing = repository?.explainMissing(name);
  if (missing !== undefined) throw missing;
  const known = models.map((model) => `${model.name}:${model.version}`);
  const wanted = version === '' ? name : `${name}:${version}`;
  throw new WebError('ModelUnknown', `there is no model "${wanted}"; there is ${known.join(', ') || 'none'}`, { details: { model: wanted, known } }); // prettier-ignore
}

export function modelMetadata(model: LoadedModel, engine: EngineDescription): ModelMetadata {
  const { name, version, signature, backend = engine.backend } = model;
  const { inputs, outputs } = signature;
  return { name, versions: [String(version)], platform: PLATFORMS[backend], inputs, outputs };
}

/** Of a service whose models stay: what is served is loaded and warm, and there is nothing else to list. */
export function repositoryIndex({ models }: EngineDescription): ModelIndex[] {
  return models.map(({ name, version }) => ({ name, version: String(version), state: 'READY', reason: '' }));
}

import { platforms as allPlatforms } from '@edgewright/contract';
import type { Backend, BackendChoice, InferenceConfig, ModelFormat, Platform } from '@edgewright/contract';
import { hasNativeRuntime } from '../layers/runtime-layer.ts';
import type { RuntimeKind } from '../layers/runtime-layer.ts';
import type { PackagedModel } from '../packaged-model.ts';
import { PackagerError } from '../packager-error.ts';

/** Which runtimes each platform of an image gets; none, when the models run elsewhere. */
export type RuntimePlan = ReadonlyMap<Platform, readonly RuntimeKind[]>;

export interface PlanInput {
  readonly config: InferenceConfig;
  readonly platforms?: readonly Platform[];
  /** The formats of the models, for the backend `auto`. */
  readonly formats: readonly ModelFormat[];
}

/**
 * Chooses the platforms and what runs the models on each, and refuses what cannot work before anything is built.
 *
 * @throws PackagerError `PlatformNotPossible`
 */
export function planRuntimes(input: PlanInput): RuntimePlan {
  const wanted = input.platforms ?? input.config.platforms ?? allPlatforms;
  const backend = input.config.backend ?? 'auto';
  // in the order of the contract, so that the order in which they were asked for does not show in the digest
  const chosen = allPlatforms.filter((platform) => wanted.includes(platform));
  return new Map(chosen.map((platform) => [platform, runtimesOf(platform, backend, input.formats)]));
}

const runtimeKinds: Readonly<Record<Exclude<Backend, 'auto'>, RuntimeKind>> = {
  onnx: 'native',
  wasm: 'wasm',
  tfjs: 'tfjs',
  fpga: 'grpc',
};

function runtimesOf(platform: Platform, choice: BackendChoice, formats: readonly ModelFormat[]): RuntimeKind[] {
  const isNative = hasNativeRuntime(platform);
  if (choice !== 'auto') {
    const names = typeof choice === 'string' ? [choice] : choice;
    const possible = names.filter((name) => name !== 'onnx' || isNative);
    if (possible.length === 0) throw notPossible(platform, names);
    return possible.map((name) => runtimeKinds[name]);
  }
  // an entry script may load what edgewright does not read, most likely with onnxruntime
  const needsOnnx = formats.some((format) => format === 'onnx' || format === 'other');
  return [
    ...(needsOnnx ? [isNative ? ('native' as const) : ('wasm' as const)] : []),
    ...(formats.includes('tfjs') ? ['tfjs' as const] : []),
    ...(formats.includes('remote') ? ['grpc' as const] : []),
  ];
}

function notPossible(platform: Platform, backends: readonly Backend[]): PackagerError {
  return new PackagerError(
    'PlatformNotPossible',
    `cannot build for ${platform} with the backend "${backends.join(', ')}": onnxruntime-node has no binaries for that ` +
      'platform; use the backend "wasm", "auto" or the list ["onnx", "wasm"], or leave the platform out',
    { details: { platform, backends } },
  );
}

/**
 * Checks what does not depend on platforms.
 *
 * @throws PackagerError `ImageInputInvalid`
 */
export function checkModels(models: readonly PackagedModel[]): void {
  if (models.length === 0) throw refused('an image needs at least one model');
  const seen = new Set<string>();
  for (const { model } of models) {
    if (seen.has(model.name))
      throw refused(`the model "${model.name}" is given twice; an image serves one version of a model`);
    seen.add(model.name);
    if (model.mainFile === undefined && model.files.length !== 1) {
      throw refused(
        `it is not clear which file of the model ${model.id} is to be loaded: it has ${model.files.length} files, and none is of a format that is known`,
      );
    }
  }
}

function refused(reason: string): PackagerError {
  return new PackagerError('ImageInputInvalid', `cannot build the image: ${reason}`, { details: { reason } });
}

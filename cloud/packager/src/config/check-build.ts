import { platforms as allPlatforms } from '@edgewright/contract';
import type { InferenceConfig, Platform } from '@edgewright/contract';
import { hasNativeRuntime } from '../layers/runtime-layer.ts';
import type { RuntimeKind } from '../layers/runtime-layer.ts';
import type { PackagedModel } from '../packaged-model.ts';
import { PackagerError } from '../packager-error.ts';

/** Which runtime each platform of an image gets. */
export type RuntimePlan = ReadonlyMap<Platform, RuntimeKind>;

/**
 * Chooses the platforms and what runs the model on each, and refuses what cannot work before anything is built.
 *
 * @throws PackagerError `PlatformNotPossible`
 */
export function planRuntimes(options: {
  readonly config: InferenceConfig;
  readonly platforms?: readonly Platform[];
}): RuntimePlan {
  const wanted = options.platforms ?? options.config.platforms ?? allPlatforms;
  const backend = options.config.backend ?? 'auto';
  // in the order of the contract, so that the order in which they were asked for does not show in the digest
  const chosen = allPlatforms.filter((platform) => wanted.includes(platform));
  return new Map(
    chosen.map((platform) => {
      const isNative = hasNativeRuntime(platform);
      if (backend === 'onnx' && !isNative) {
        throw new PackagerError(
          'PlatformNotPossible',
          `cannot build for ${platform} with the backend "onnx": onnxruntime-node has no binaries for that platform; ` +
            'use the backend "wasm" or "auto", or leave the platform out',
          { details: { platform, backend } },
        );
      }
      return [platform, backend !== 'wasm' && isNative ? 'native' : 'wasm'];
    }),
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
        `it is not clear which file of the model ${model.id} is to be loaded: it has ${model.files.length} files, none of them .onnx`,
      );
    }
  }
}

function refused(reason: string): PackagerError {
  return new PackagerError('ImageInputInvalid', `cannot build the image: ${reason}`, { details: { reason } });
}

import type { InferenceConfig, Platform } from '@edgewright/contract';
import { PackagerError } from '../packager-error.ts';

/** ONNX Runtime's libraries for GPUs are built for this one (onnxruntime-node, `script/install-metadata.js`). */
const CUDA_MAJOR = '12';
const GPU_PROVIDERS: readonly string[] = ['cuda', 'tensorrt'];
const GPU_BACKENDS: readonly string[] = ['auto', 'onnx'];

/** Whether a configuration asks for what needs an NVIDIA GPU, with the key made for it or by an execution provider. */
export function wantsGpu({ enableGpu, executionProviders = [] }: InferenceConfig): boolean {
  const names = executionProviders.map((one) => (typeof one === 'string' ? one : one.name));
  return enableGpu === true || names.some((name) => GPU_PROVIDERS.includes(name));
}

/**
 * Refuses combinations with which nothing could score on a GPU.
 *
 * @param platforms what the image is for
 * @throws PackagerError `PlatformNotPossible`, `ImageInputInvalid`, both with the JSON path of the key
 */
export function checkGpu(config: InferenceConfig, platforms: readonly Platform[]): void {
  const { enableGpu, cudaVersion, executionProviders, baseImage = 'scratch', backend = 'auto' } = config;
  if (enableGpu !== true) {
    if (cudaVersion !== undefined) throw refused('cudaVersion', 'it says something only with "enableGpu": true');
    return;
  }
  const other = platforms.find((platform) => platform !== 'amd64');
  if (other !== undefined) throw notPossible(other);
  if (cudaVersion !== undefined && cudaVersion.split('.')[0] !== CUDA_MAJOR) {
    throw refused('cudaVersion', `ONNX Runtime's libraries are built for CUDA ${CUDA_MAJOR}, not ${cudaVersion}`);
  }
  if (![backend].flat().some((name) => GPU_BACKENDS.includes(name))) {
    throw refused('enableGpu', `the backend "${[backend].flat().join(', ')}" does not use a GPU; use "auto" or "onnx"`);
  }
  if (executionProviders !== undefined && !wantsGpu({ executionProviders })) {
    throw refused(
      'enableGpu',
      `"executionProviders" has none for a GPU: add ${GPU_PROVIDERS.join(' or ')}, or leave it out`,
    );
  }
  if (baseImage === 'scratch') {
    throw refused(
      'enableGpu',
      `CUDA ${CUDA_MAJOR} and cuDNN come with the base image, and it is "scratch"; set "baseImage"`,
    );
  }
}

function notPossible(platform: Platform): PackagerError {
  const reason =
    platform === 'arm32v7'
      ? 'neither CUDA nor ONNX Runtime has a build for GPUs on 32-bit ARM'
      : 'onnxruntime-node has no build with CUDA for 64-bit ARM';
  return new PackagerError(
    'PlatformNotPossible',
    `cannot build for ${platform} with a GPU ($.enableGpu): ${reason}; set "platforms": ["amd64"], or build the others without a GPU`,
    { details: { platform, key: '$.enableGpu', reason } },
  );
}

function refused(key: string, reason: string): PackagerError {
  return new PackagerError('ImageInputInvalid', `cannot build the image: $.${key}: ${reason}`, {
    details: { key: `$.${key}`, reason },
  });
}

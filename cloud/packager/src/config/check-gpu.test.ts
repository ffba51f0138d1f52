import type { InferenceConfig, Platform } from '@edgewright/contract';
import { describe, expect, it } from 'vitest';
import { checkGpu, wantsGpu } from './check-gpu.ts';

const gpu: InferenceConfig = { enableGpu: true, baseImage: 'nvidia/cuda:12.8.0-cudnn-runtime-ubuntu24.04' };

describe('checkGpu', () => {
  it.each<[InferenceConfig, Platform[], string, string]>([
    [gpu, ['amd64', 'arm32v7'], 'PlatformNotPossible', 'on 32-bit ARM'],
    [gpu, ['arm64v8'], 'PlatformNotPossible', 'no build with CUDA for 64-bit ARM'],
    [{ ...gpu, cudaVersion: '11.8' }, ['amd64'], 'ImageInputInvalid', '$.cudaVersion'],
    [{ ...gpu, backend: 'wasm' }, ['amd64'], 'ImageInputInvalid', 'does not use a GPU'],
    [{ ...gpu, executionProviders: ['webgpu', 'cpu'] }, ['amd64'], 'ImageInputInvalid', 'add cuda or tensorrt'],
    [{ enableGpu: true }, ['amd64'], 'ImageInputInvalid', 'set "baseImage"'],
    [{ cudaVersion: '12.8' }, ['amd64'], 'ImageInputInvalid', 'only with "enableGpu": true'],
  ])('refuses %j on %j: %s', (config, platforms, code, words) => {
    expect(() => checkGpu(config, platforms)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(words) as string }),
    );
  });

  it.each<InferenceConfig>([
    { ...gpu, cudaVersion: '12.8' },
    { ...gpu, backend: ['onnx', 'wasm'] },
    { ...gpu, executionProviders: [{ name: 'tensorrt' }, 'cpu'] },
  ])('takes %j', (config) => {
    expect(() => checkGpu(config, ['amd64'])).not.toThrow();
    expect(wantsGpu(config)).toBe(true);
  });

  it('leaves others alone', () => {
    expect(() => checkGpu({ enableGpu: false }, ['arm32v7'])).not.toThrow();
    expect(wantsGpu({ executionProviders: ['cpu'] })).toBe(false);
  });
});

import type { InferenceConfig, Model, ModelFormat } from '@edgewright/contract';
import { describe, expect, it } from 'vitest';
import type { RuntimeKind } from '../layers/runtime-layer.ts';
import { checkModels, planRuntimes } from './check-build.ts';
import type { PlanInput } from './check-build.ts';

const model = (name: string, files: readonly string[], mainFile?: string): { model: Model; directory: string } => ({
  directory: '/',
  model: {
    id: `${name}:1`,
    name,
    version: 1,
    createdTime: '',
    tags: {},
    properties: {},
    framework: 'Custom',
    format: 'other',
    sizeBytes: 0,
    files: files.map((path) => ({ path, sizeBytes: 0, sha256: '' })),
    ...(mainFile === undefined ? {} : { mainFile }),
  },
});

describe('planRuntimes', () => {
  it('gives WebAssembly to arm32v7 and native code to the others', () => {
    expect([...planRuntimes({ config: {}, formats: ['onnx'] })]).toEqual([
      ['amd64', ['native']],
      ['arm64v8', ['native']],
      ['arm32v7', ['wasm']],
    ]);
  });

  it('follows the configuration, and before it the flag, in an order of its own', () => {
    const formats = ['onnx'] as const;
    const platformsOf = (input: Omit<PlanInput, 'formats'>): string[] => [
      ...planRuntimes({ ...input, formats }).keys(),
    ];
    expect(platformsOf({ config: { platforms: ['arm32v7', 'amd64'] } })).toEqual(['amd64', 'arm32v7']);
    expect(platformsOf({ config: { platforms: ['amd64'] }, platforms: ['arm64v8'] })).toEqual(['arm64v8']);
  });

  it.each<[NonNullable<InferenceConfig['backend']>, ModelFormat[], RuntimeKind[]]>([
    ['auto', ['onnx', 'tfjs'], ['native', 'tfjs']],
    ['auto', ['tfjs'], ['tfjs']],
    ['auto', ['other'], ['native']],
    ['auto', ['remote'], ['grpc']],
    ['auto', ['onnx', 'remote'], ['native', 'grpc']],
    ['onnx', ['onnx'], ['native']],
    ['wasm', ['onnx'], ['wasm']],
    ['tfjs', ['tfjs'], ['tfjs']],
    ['fpga', ['remote'], ['grpc']],
    [['onnx', 'wasm'], ['onnx'], ['native', 'wasm']],
  ])('packs for the backend %s and models of %j: %j', (backend, formats, kinds) => {
    expect(planRuntimes({ config: { backend }, formats, platforms: ['amd64'] }).get('amd64')).toEqual(kinds);
  });

  it('refuses native code where there is none', () => {
    expect(() => planRuntimes({ config: { backend: 'onnx' }, formats: ['onnx'] })).toThrow(
      expect.objectContaining({ code: 'PlatformNotPossible', details: { platform: 'arm32v7', backends: ['onnx'] } }),
    );
  });

  it('packs the second choice where the first cannot run', () => {
    const config: InferenceConfig = { backend: ['onnx', 'wasm'] };
    expect(planRuntimes({ config, formats: ['onnx'] }).get('arm32v7')).toEqual(['wasm']);
  });
});

describe('checkModels', () => {
  it.each([
    [[], 'at least one model'],
    [[model('a', ['x']), model('a', ['y'])], 'is given twice'],
    [[model('a', ['x', 'y'])], 'which file of the model a:1'],
  ])('refuses %j', (models, words) => {
    expect(() => checkModels(models)).toThrow(words);
  });

  it('takes several models, and several files of which one is named', () => {
    expect(() => checkModels([model('a', ['x', 'y'], 'y'), model('b', ['z'])])).not.toThrow();
  });
});

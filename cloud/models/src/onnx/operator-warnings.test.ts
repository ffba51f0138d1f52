import { platforms } from '@edgewright/contract';
import { describe, expect, it } from 'vitest';
import { encodeOnnx } from '../../../../test/support/encode-onnx.ts';
import { operatorWarnings } from './operator-warnings.ts';
import { readOnnxModel } from './read-onnx-model.ts';

type Nodes = NonNullable<NonNullable<Parameters<typeof encodeOnnx>[0]>['nodes']>;

const warningsOf = (nodes: Nodes, opset: number) =>
  operatorWarnings(readOnnxModel(encodeOnnx({ nodes, opsets: { 'ai.onnx': opset } })));

describe('operators that no backend runs', () => {
  it.each<[string, Nodes[number], number, string]>([
    ['a custom one', { opType: 'BertTokenizer', domain: 'ai.onnx.contrib' }, 17, 'a custom one of "ai.onnx.contrib"'],
    [
      'one for graphics processors',
      { opType: 'GroupNorm', domain: 'com.microsoft' },
      17,
      'has no kernel for processors',
    ],
    ['one that lacks a kernel of late', { opType: 'RoiAlign' }, 22, 'export the model with opset_version=21'],
  ])('are told by name and platform: %s', (_, node, opset, words) => {
    const [warning, ...more] = warningsOf([node, { opType: 'Relu' }], opset);
    expect(more).toEqual([]);
    expect(warning?.platforms).toEqual(platforms);
    expect(warning?.text).toContain(words);
    expect(warning?.text).toContain('arm32v7 (wasm)');
  });

  it('are told when the whole operator set is too new', () => {
    const [warning] = warningsOf([{ opType: 'Relu' }], 27);
    expect(warning?.operator).toBe('ai.onnx 27');
    expect(warning?.text).toContain('export the model with opset_version=26');
  });

  it('are none in a model that runs', () => {
    expect(warningsOf([{ opType: 'RoiAlign' }, { opType: 'FusedMatMul', domain: 'com.microsoft' }], 21)).toEqual([]);
    expect(operatorWarnings({})).toEqual([]);
  });
});

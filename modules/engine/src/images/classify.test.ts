import type { Datatype, Postprocess } from '@edgewright/contract';
import { describe, expect, it } from 'vitest';
import { numberToHalf } from '../half.ts';
import { classify, planClasses } from './classify.ts';

const outputs = (shape: number[], datatype: Datatype = 'FP32') => [{ name: 'y', datatype, shape }];
const plan = (settings: Postprocess, labels?: string[], shape = [-1, 3]) => planClasses({ model: 'm:1', outputs: outputs(shape) }, settings, labels); // prettier-ignore
const scores = (...values: number[]) => ({ y: { datatype: 'FP32' as const, shape: [values.length / 3, 3], data: Float32Array.from(values) } }); // prettier-ignore

describe('the classes of a model', () => {
  it('are given best first, with their labels, for each row', () => {
    expect(classify(scores(1, 3, 2, 9, 7, 8), plan({}, ['a', 'b', 'c']))).toEqual([
      [{ index: 1, label: 'b', score: 3 }, { index: 2, label: 'c', score: 2 }, { index: 0, label: 'a', score: 1 }],
      [{ index: 0, label: 'a', score: 9 }, { index: 2, label: 'c', score: 8 }, { index: 1, label: 'b', score: 7 }],
    ]); // prettier-ignore
  });

  it('are the best few, and those from the threshold on', () => {
    const indexes = (settings: Postprocess) => classify(scores(1, 3, 2), plan(settings))[0]?.map(({ index }) => index);
    expect(indexes({ topK: 2 })).toEqual([1, 2]);
    expect(indexes({ threshold: 2 })).toEqual([1, 2]);
    expect(indexes({ threshold: 4 })).toEqual([]);
  });

  it('add up to 1 after softmax, whatever their size', () => {
    for (const values of [[1, 2, 3], [1000, 1001, 1002], [-1000, 0, -Infinity]]) {
      const [row = []] = classify(scores(...values), plan({ softmax: true }));
      expect(row.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 12);
    }
  }); // prettier-ignore

  it('keep their order when they are equal, and put what is no number last', () => {
    expect(classify(scores(5, 5, 5), plan({}))[0]?.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(classify(scores(Number.NaN, 1, 2), plan({}))[0]?.map(({ index }) => index)).toEqual([2, 1, 0]);
  });

  it('are read from half precision', () => {
    const half = { y: { datatype: 'FP16' as const, shape: [1, 3], data: Uint16Array.from([1, 2, 0.5], numberToHalf) } };
    expect(classify(half, plan({}))[0]?.map(({ score }) => score)).toEqual([2, 1, 0.5]);
  });

  it.each([
    { settings: { output: 'z' }, labels: undefined, text: 'there is no output "z"; there is y' },
    { settings: {}, labels: ['a'], text: 'there are 1 labels, but "y" has 3 classes' },
  ])('are refused when they do not fit: $text', ({ settings, labels, text }) => {
    expect(() => plan(settings, labels)).toThrow(text);
  });
});

import { describe, expect, it } from 'vitest';
import { largestError } from './largest-error.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import { numbersOf } from './make-requests.ts';

describe('LatencyHistogram', () => {
  it('gives quantiles within one per cent, from microseconds to minutes', () => {
    for (const scale of [0.002, 1, 60_000]) {
      const histogram = new LatencyHistogram();
      for (let at = 1; at <= 1000; at += 1) histogram.add((at / 1000) * scale);
      expect(histogram.quantile(0.5) / (0.5 * scale)).toBeCloseTo(1, 1.9);
      expect(histogram.quantile(0.99) / (0.99 * scale)).toBeCloseTo(1, 1.9);
    }
    expect(new LatencyHistogram().quantile(0.99)).toBe(0);
  });
});

describe('largestError', () => {
  it.each([
    ['equal answers', [[1, 2]], [[1, 2]], 0],
    ['one that is off', [[10, 0]], [[10, 1]], 0.1],
    ['the worst of several', [[1], [100]], [[1.5], [101]], 0.5],
    ['other counts', [[1, 2]], [[1]], Number.POSITIVE_INFINITY],
    ['no number', [[1]], [[Number.NaN]], Number.POSITIVE_INFINITY],
    ['no number in both', [[Number.NaN, 1]], [[Number.NaN, 1]], 0],
    ['infinity in both', [[Number.POSITIVE_INFINITY]], [[Number.POSITIVE_INFINITY]], 0],
  ])('of %s', (_, reference, other, error) => {
    expect(largestError(reference, other)).toBeCloseTo(error);
  });
});

it('finds all numbers of an answer, whatever the order of its keys', () => {
  expect(numbersOf({ b: [1, [2]], a: { x: true, y: 'text', z: null }, c: 3n })).toEqual([1, 1, 2, 3]);
});

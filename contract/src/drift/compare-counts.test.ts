import fc from 'fast-check';
import { expect, test } from 'vitest';
import { homogeneityTest, kolmogorovSmirnov, kolmogorovSmirnovTail, populationStability } from './compare-counts.ts';
import { describeNumbers } from './describe-values.ts';
import { FeatureBins } from './feature-bins.ts';
import { chiSquareTail } from './gamma-tail.ts';

const counts = fc.array(fc.nat(500), { minLength: 2, maxLength: 30 });
const twoCounts = counts.chain((one) =>
  fc.tuple(fc.constant(one), fc.array(fc.nat(500), { minLength: one.length, maxLength: one.length })),
);

// scipy 1.16: stats.chi2.sf(x, k)
test.each([
  [3.84, 1, 0.05004352124870519],
  [16.92, 9, 0.04998360638750561],
  [0.5, 4, 0.9735009788392561],
  [120, 80, 0.0025481923036133444],
  [1e-3, 1, 0.9747728793699604],
  [300, 9, 2.6102773472069844e-59],
])('the chi-square tail of %f with %i degrees is what scipy gives', (statistic, degrees, expected) => {
  expect(chiSquareTail(statistic, degrees) / expected).toBeCloseTo(1, 9);
});

// scipy: stats.kstwobign.sf(lambda)
test.each([
  [0.1, 1],
  [0.5, 0.9639452436648751],
  [1, 0.26999967167735456],
  [1.36, 0.049485876755377876],
  [2, 0.0006709252557796953],
])("Kolmogorov's limit at %f is what scipy gives", (lambda, expected) => {
  expect(kolmogorovSmirnovTail(lambda, 2, 2)).toBeCloseTo(expected, 12);
});

test('the test of homogeneity is what scipy gives', () => {
  // stats.chi2_contingency([a, b], correction=False)
  const { statistic, pValue } = homogeneityTest([10, 20, 30, 40], [25, 25, 25, 25]);
  expect(statistic).toBeCloseTo(10.900210900210901, 10);
  expect(pValue).toBeCloseTo(0.012277894009958807, 10);
});

test('the Kolmogorov–Smirnov statistic of scipy lies within the share of a bin above ours', () => {
  const one = [0, 0.3, -0.3, -0.9, -0.5, -1, 0.1, 1.3, -0.5, -0.6, 0.5, 0.4, 0.1, -0.9, 0, 0.7, -1.3, -0.5, -1.9, -1.3, -1.8, -0.2, -1.3, 0.3, 0.2, -0.2, -2.5, -0.5, 0, 0.1, -1.5, -0.5, -1, -0.8, 1.1, -0.8, 0, 0.9, -0.6, -0.1, 0.1, 0.1, -1.2, 0.1, 1.4, -1.5, 0.9, 0.1, -0.6, 2, 0.8, -1.2, 0.1, 0.6, -0.2, 0.7, -0.1, 0.7, 1.4, -0.7]; // prettier-ignore
  const other = [0.9, 0, 0.8, -0.9, -0.2, 0.3, 1.8, 2.1, -1.1, -0.4, 1.4, -2, 0, 0.5, 2.2, 1.5, 0.2, 0.1, 0.3, 2.6, 0, 0.2, 1.1, 0.4, 0.3, -0.8, 0.6, 0, 2.1, 1.4, 0.6, 1.5, 0.2, 2, 0.6, 1.4, -1.1, 1.1, -1.6, -2, 0.2, -0.6, 0.8, 3.5, -0.5]; // prettier-ignore
  const { ours, exact } = bothStatistics(one, other);
  // stats.ks_2samp(one, other).statistic
  expect(exact).toBeCloseTo(0.3611111111111111, 12);
  expect(ours).toBeCloseTo(0.3611111111111111, 1);
});

test('the binned statistic never exceeds the exact one, and misses it by no more than the largest bin', () => {
  const sample = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 1, maxLength: 400 });
  fc.assert(
    fc.property(sample, sample, (one, other) => {
      const { ours, exact, largestShare } = bothStatistics(one, other);
      expect(ours).toBeLessThanOrEqual(exact + 1e-12);
      expect(ours).toBeGreaterThanOrEqual(exact - largestShare - 1e-12);
    }),
    { numRuns: 200 },
  );
});

test('the stability index is symmetric, never negative, and 0 for the same shares', () => {
  fc.assert(
    fc.property(twoCounts, ([one, other]) => {
      expect(populationStability(one, other)).toBeGreaterThanOrEqual(0);
      expect(populationStability(one, other)).toBeCloseTo(populationStability(other, one), 10);
      expect(populationStability(one, one)).toBeCloseTo(0, 12);
    }),
  );
});

test('the stability index of large counts is what its formula gives without smoothing', () => {
  const bins = fc.array(fc.integer({ min: 100_000, max: 10_000_000 }), { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(bins, bins, (one, other) => {
      const shares = (counts: readonly number[]) => counts.map((count) => count / counts.reduce((a, b) => a + b));
      const [p, q] = [shares(one), shares(other)];
      const exact = p.reduce((sum, each, bin) => sum + ((q[bin] ?? 0) - each) * Math.log((q[bin] ?? 0) / each), 0);
      expect(populationStability(one, other)).toBeCloseTo(exact, 3);
    }),
  );
});

test('without counts on one side nothing can be said', () => {
  expect(populationStability([1, 2], [0, 0])).toBe(0);
  expect(homogeneityTest([0, 0], [1, 2])).toEqual({ statistic: 0, pValue: 1 });
  expect(kolmogorovSmirnov([0, 0], [1, 2])).toBe(0);
  expect(kolmogorovSmirnovTail(0, 0, 10)).toBe(1);
});

function bothStatistics(one: readonly number[], other: readonly number[]) {
  const baseline = describeNumbers({ name: 'x' }, Float64Array.from(one));
  if (baseline === undefined) throw new TypeError('no numbers');
  const bins = new FeatureBins(baseline);
  const found = new Uint32Array(bins.width);
  for (const value of other) bins.count(value, found, 0);
  const binned = found.subarray(0, bins.bins);
  const share = (sample: readonly number[], at: number) => sample.filter((value) => value <= at).length / sample.length;
  const points = [...one, ...other];
  return {
    ours: kolmogorovSmirnov(bins.expected, binned),
    exact: Math.max(...points.map((at) => Math.abs(share(one, at) - share(other, at)))),
    largestShare: Math.max(
      ...[...bins.expected].map((count) => count / one.length),
      ...[...binned].map((count) => count / other.length),
    ),
  };
}

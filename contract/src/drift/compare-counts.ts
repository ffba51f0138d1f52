import { chiSquareTail } from './gamma-tail.ts';

/** Added to each bin, so that an empty one has a logarithm (Jeffreys' prior). */
const HALF = 0.5;

/**
 * The population stability index of two distributions over the same bins: Σ (q − p) · ln(q / p), with p and q the shares of bin i
 * in the one and the other. It is Jeffreys' divergence; below 0.1 is commonly read as no change, above 0.25 as a large one
 * (Siddiqi, Credit Risk Scorecards, 2006; Yurdakul and Naranjo, Statistical properties of the population stability index,
 * Journal of Risk Model Validation 14(4), 2020). Half a value is added to each bin; the usual tiny constant instead would let one
 * empty bin of a small window decide.
 *
 * @returns 0 when one of them is empty
 */
export function populationStability(expected: ArrayLike<number>, found: ArrayLike<number>): number {
  const expectedTotal = total(expected);
  const foundTotal = total(found);
  if (expectedTotal === 0 || foundTotal === 0) return 0;
  const bins = expected.length;
  let index = 0;
  for (let bin = 0; bin < bins; bin += 1) {
    const p = ((expected[bin] ?? 0) + HALF) / (expectedTotal + HALF * bins);
    const q = ((found[bin] ?? 0) + HALF) / (foundTotal + HALF * bins);
    index += (q - p) * Math.log(q / p);
  }
  return index;
}

/**
 * Pearson's chi-square test of homogeneity: the chance of a difference as large as this if both counts came from one
 * distribution. Bins that are empty in both do not count. It is what `scipy.stats.chi2_contingency(correction=False)` gives.
 */
export function homogeneityTest(
  expected: ArrayLike<number>,
  found: ArrayLike<number>,
): { readonly statistic: number; readonly pValue: number } {
  const expectedTotal = total(expected);
  const foundTotal = total(found);
  const all = expectedTotal + foundTotal;
  if (expectedTotal === 0 || foundTotal === 0) return { statistic: 0, pValue: 1 };
  let statistic = 0;
  let bins = 0;
  for (let bin = 0; bin < expected.length; bin += 1) {
    const [a, b] = [expected[bin] ?? 0, found[bin] ?? 0];
    if (a + b === 0) continue;
    bins += 1;
    for (const [count, size] of [
      [a, expectedTotal],
      [b, foundTotal],
    ] as const) {
      const wanted = ((a + b) * size) / all;
      statistic += (count - wanted) ** 2 / wanted;
    }
  }
  return { statistic, pValue: chiSquareTail(statistic, bins - 1) };
}

/**
 * The two-sample Kolmogorov–Smirnov statistic of counts over the same ordered bins: the largest difference of the two cumulated
 * shares. What lies inside of a bin is not seen, so it is exact at the edges and too small by at most the share of the largest
 * bin that either has.
 */
export function kolmogorovSmirnov(expected: ArrayLike<number>, found: ArrayLike<number>): number {
  const expectedTotal = total(expected);
  const foundTotal = total(found);
  if (expectedTotal === 0 || foundTotal === 0) return 0;
  let [below, belowFound, largest] = [0, 0, 0];
  for (let bin = 0; bin < expected.length; bin += 1) {
    below += expected[bin] ?? 0;
    belowFound += found[bin] ?? 0;
    largest = Math.max(largest, Math.abs(below / expectedTotal - belowFound / foundTotal));
  }
  return largest;
}

/**
 * The chance of a Kolmogorov–Smirnov statistic as large as this if both samples came from one distribution, by Kolmogorov's limit
 * Q(λ) = 2 Σ (−1)^(j−1) e^(−2j²λ²) with λ = D √(nm / (n + m)); `scipy.stats.kstwobign.sf`. For samples below some thirty it is
 * rough, and with values that repeat it is on the safe side.
 */
export function kolmogorovSmirnovTail(statistic: number, expectedTotal: number, foundTotal: number): number {
  const lambda = statistic * Math.sqrt((expectedTotal * foundTotal) / (expectedTotal + foundTotal));
  // the series converges slowly there, to 1
  if (!(lambda > 0.2)) return 1;
  let sum = 0;
  for (let term = 1; term <= 100; term += 1) {
    const value = Math.exp(-2 * term * term * lambda * lambda);
    sum += term % 2 === 1 ? value : -value;
    if (value < 1e-17) break;
  }
  return Math.min(1, Math.max(0, 2 * sum));
}

export function total(counts: ArrayLike<number>): number {
  let sum = 0;
  for (let bin = 0; bin < counts.length; bin += 1) sum += counts[bin] ?? 0;
  return sum;
}

import {
  homogeneityTest,
  kolmogorovSmirnov,
  kolmogorovSmirnovTail,
  populationStability,
  total,
} from './compare-counts.ts';
import type { FeatureBins } from './feature-bins.ts';

/** How a feature of live data compares with its baseline. */
export interface FeatureDrift {
  readonly name: string;
  readonly kind: 'numeric' | 'categorical';
  /** Rows that were compared, those without a value included. */
  readonly rows: number;
  /** The population stability index. */
  readonly psi: number;
  /** The chance of such a difference without drift, by the chi-square test. */
  readonly pValue: number;
  /** The Kolmogorov–Smirnov statistic, and the chance of one as large without drift; absent for categories. */
  readonly ks?: number;
  readonly ksPValue?: number;
  /** Share of rows without a value, and the share in the baseline. */
  readonly missingRate: number;
  readonly baselineMissingRate: number;
  /** Share of the values that the baseline never saw: outside of its range, or of no category of it. */
  readonly outOfRangeRate: number;
}

/**
 * Compares the counts of a feature with its baseline.
 *
 * @param counts as `FeatureBins.count` writes them
 */
export function featureDrift(bins: FeatureBins, counts: Float64Array, rows: number): FeatureDrift {
  const { feature, expected } = bins;
  const found = counts.subarray(0, bins.bins);
  const foundTotal = total(found);
  const [expectedGroups, foundGroups] = [bins.grouped(expected), bins.grouped(found)];
  const ks = feature.kind === 'numeric' ? kolmogorovSmirnov(expected, found) : undefined;
  const baselineRows = feature.count + feature.missing;
  return {
    name: feature.name,
    kind: feature.kind,
    rows,
    psi: populationStability(expectedGroups, foundGroups),
    pValue: homogeneityTest(expectedGroups, foundGroups).pValue,
    ...(ks === undefined ? {} : { ks, ksPValue: kolmogorovSmirnovTail(ks, feature.count, foundTotal) }),
    missingRate: share(counts[bins.bins] ?? 0, rows),
    baselineMissingRate: share(feature.missing, baselineRows),
    outOfRangeRate: share(counts[bins.bins + 1] ?? 0, foundTotal),
  };
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

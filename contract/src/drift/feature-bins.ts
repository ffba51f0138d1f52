import type { FeatureBaseline } from './drift-baseline.ts';
import { lowerBound } from './describe-values.ts';

/** A value of a feature; undefined for one that is missing. */
export type FeatureValue = number | string | undefined;

/** Groups of bins that the stability index looks at hold at least this share of the baseline where bins allow. */
const GROUP_SHARE = 0.1;
/** Categories with a smaller share count as other there. */
const CATEGORY_SHARE = 0.02;

/**
 * Where the values of a feature are counted. Counts lie one after the other: the bins of the baseline, one for what none of them
 * takes (above the maximum, or a category of no name), then missing values, then values that the baseline never saw.
 */
export class FeatureBins {
  readonly feature: FeatureBaseline;
  /** Bins, that of the rest included. */
  readonly bins: number;
  /** The baseline's counts in these bins. */
  readonly expected: Float64Array;
  /** For each bin the group in which the stability index sees it. */
  readonly groups: Uint16Array;
  readonly groupCount: number;
  readonly #places: ReadonlyMap<string, number>;

  constructor(feature: FeatureBaseline) {
    this.feature = feature;
    const counts = feature.kind === 'numeric' ? feature.counts : feature.categories.map(({ count }) => count);
    const rest = feature.kind === 'numeric' ? 0 : feature.other;
    this.expected = Float64Array.from([...counts, rest]);
    this.bins = this.expected.length;
    this.groups = feature.kind === 'numeric' ? groupNumbers(this.expected) : groupCategories(this.expected);
    this.groupCount = Math.max(...this.groups) + 1;
    this.#places = new Map(
      feature.kind === 'numeric' ? [] : feature.categories.map(({ value }, place) => [value, place]),
    );
  }

  /** The length of what `count` writes into. */
  get width(): number {
    return this.bins + 2;
  }

  /** Counts a value into the counts that begin at `offset`. */
  count(value: FeatureValue, counts: Uint32Array, offset: number): void {
    const place = this.#placeOf(value);
    if (place === undefined) {
      counts[offset + this.bins] = (counts[offset + this.bins] ?? 0) + 1;
      return;
    }
    counts[offset + place] = (counts[offset + place] ?? 0) + 1;
    if (this.#isNew(value, place)) counts[offset + this.bins + 1] = (counts[offset + this.bins + 1] ?? 0) + 1;
  }

  /** Sums bins up in their groups. */
  grouped(counts: ArrayLike<number>): Float64Array {
    const sums = new Float64Array(this.groupCount);
    for (let bin = 0; bin < this.bins; bin += 1) {
      const group = this.groups[bin] ?? 0;
      sums[group] = (sums[group] ?? 0) + (counts[bin] ?? 0);
    }
    return sums;
  }

  #placeOf(value: FeatureValue): number | undefined {
    if (value === undefined) return undefined;
    if (this.feature.kind === 'categorical') return this.#places.get(String(value)) ?? this.bins - 1;
    const number = typeof value === 'number' ? value : Number.parseFloat(value);
    return Number.isNaN(number) ? undefined : lowerBound(this.feature.edges, number);
  }

  #isNew(value: FeatureValue, place: number): boolean {
    // where the baseline had more categories than it names, one of no name is nothing new
    if (this.feature.kind === 'categorical') return place === this.bins - 1 && this.feature.other === 0;
    const number = Number(value);
    return number < this.feature.minimum || number > this.feature.maximum;
  }
}

function groupNumbers(expected: Float64Array): Uint16Array {
  const total = expected.reduce((sum, count) => sum + count, 0);
  const groups = new Uint16Array(expected.length);
  let [group, inGroup, seen] = [0, 0, 0];
  for (let bin = 0; bin < expected.length; bin += 1) {
    // a group is closed when it is large enough and what follows is too, lest the last be a splinter
    const isFull = inGroup >= total * GROUP_SHARE && total - seen >= total * GROUP_SHARE;
    if (isFull) [group, inGroup] = [group + 1, 0];
    groups[bin] = group;
    inGroup += expected[bin] ?? 0;
    seen += expected[bin] ?? 0;
  }
  return groups;
}

function groupCategories(expected: Float64Array): Uint16Array {
  const total = expected.reduce((sum, count) => sum + count, 0);
  const named = expected.slice(0, -1).filter((count) => count >= total * CATEGORY_SHARE).length;
  // the most frequent come first
  return Uint16Array.from(expected, (_, place) => Math.min(place, named));
}

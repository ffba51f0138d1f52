import { baselineLimits } from './drift-baseline.ts';
import type { CategoricalBaseline, FeatureBaseline, NumericBaseline } from './drift-baseline.ts';

/** What is known of a feature before its values are looked at. */
export type FeatureIdentity = Pick<FeatureBaseline, 'name' | 'tensor' | 'element' | 'summary'>;

/**
 * What numbers look like. Bins hold as nearly the same share each as repeated values allow.
 *
 * @param values NaN and infinite ones count as missing
 * @returns undefined when there is no number among them
 */
export function describeNumbers(feature: FeatureIdentity, values: Float64Array): NumericBaseline | undefined {
  const sorted = values.filter((value) => Number.isFinite(value)).sort();
  const count = sorted.length;
  if (count === 0) return undefined;
  const mean = sorted.reduce((sum, value) => sum + value / count, 0);
  const variance = sorted.reduce((sum, value) => sum + (value - mean) ** 2 / count, 0);
  const edges: number[] = [];
  const counts: number[] = [];
  for (let start = 0; start < count;) {
    // what is left in equal shares: values that repeat may have filled a bin beyond its own
    const share = Math.ceil((count - start) / (baselineLimits.bins - edges.length));
    const edge = sorted[start + share - 1] ?? 0;
    const end = upperBound(sorted, edge);
    edges.push(edge);
    counts.push(end - start);
    start = end;
  }
  const [minimum = 0] = sorted;
  return {
    ...feature,
    kind: 'numeric',
    count,
    missing: values.length - count,
    minimum,
    maximum: sorted[count - 1] ?? 0,
    mean,
    deviation: Math.sqrt(variance),
    edges,
    counts,
  };
}

/**
 * What values of categories look like.
 *
 * @param counts how often each value was there
 * @returns undefined when there is none
 */
export function describeCategories(
  feature: FeatureIdentity,
  counts: ReadonlyMap<string, number>,
  missing: number,
): CategoricalBaseline | undefined {
  if (counts.size === 0) return undefined;
  // by frequency, then by name, so that the same data gives the same file
  const ordered = [...counts].toSorted(([a, one], [b, other]) => other - one || (a < b ? -1 : 1));
  const kept = ordered.slice(0, baselineLimits.categories);
  const rest = ordered.slice(baselineLimits.categories);
  const sum = (entries: readonly (readonly [string, number])[]) => entries.reduce((all, [, each]) => all + each, 0);
  return {
    ...feature,
    kind: 'categorical',
    count: sum(ordered),
    missing,
    categories: kept.map(([value, count]) => ({ value, count })),
    other: sum(rest),
  };
}

/** The first place whose value is above `edge`. */
export function upperBound(sorted: ArrayLike<number>, edge: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) > edge) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The first place whose value is at least `value`: the bin of a value, or the number of edges for one above all. */
export function lowerBound(sorted: ArrayLike<number>, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) >= value) high = middle;
    else low = middle + 1;
  }
  return low;
}

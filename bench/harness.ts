/** One figure that a bench compares. */
export interface Metric {
  readonly metric: string;
  readonly unit: string;
  /** Which way is good; the ratio is turned so that a larger one is better for ours. */
  readonly better: 'smaller' | 'larger';
  /** The least ratio asked for, if any. */
  readonly goal?: number;
  /** The most that ours may be, or may be above the baseline, where that is what is asked for. */
  readonly limit?: Limit;
}

/** A bound in the unit of its metric. */
export interface Limit {
  readonly of: 'ours' | 'difference';
  readonly atMost: number;
}

/** What one execution of one side measured, by metric. */
export type Sample = Readonly<Record<string, number>>;

/** Two ways to do the same work, measured side by side. */
export interface Comparison {
  readonly metrics: readonly Metric[];
  /** Does the work once, as edgewright does it. */
  ours(): Promise<Sample>;
  /** Does the work once, as a competent person would without edgewright. */
  baseline(): Promise<Sample>;
  /** How often each side is measured, after one round that does not count. Default 5. */
  readonly rounds?: number;
}

/** A named set of comparisons; `close` frees what they share. */
export interface Bench extends AsyncDisposable {
  readonly comparisons: readonly Comparison[];
}

/** A row of the result: medians over the rounds. */
export interface BenchRow {
  readonly metric: string;
  readonly unit: string;
  readonly ours: number;
  readonly baseline: number;
  readonly ratio: number;
  readonly goal?: number;
  readonly limit?: Limit;
}

/** True unless a goal or a limit was set and is not held. */
export function isHeld({ ours, baseline, ratio, goal, limit }: BenchRow): boolean {
  if (goal !== undefined && ratio < goal) return false;
  return limit === undefined || (limit.of === 'ours' ? ours : ours - baseline) <= limit.atMost;
}

const DEFAULT_ROUNDS = 5;

/**
 * Measures both sides in turns, in one process run: a machine that slows down slows down both. The side that begins
 * changes from round to round, and the first round is left out, as it pays for caches and compilation.
 *
 * @param report takes a line for people after each round
 */
export async function compare(comparison: Comparison, report: (line: string) => void): Promise<BenchRow[]> {
  const rounds = comparison.rounds ?? DEFAULT_ROUNDS;
  const samples = { ours: [] as Sample[], baseline: [] as Sample[] };
  for (let round = 0; round <= rounds; round += 1) {
    const order = round % 2 === 0 ? (['ours', 'baseline'] as const) : (['baseline', 'ours'] as const);
    for (const side of order) {
      const sample = await comparison[side]();
      if (round > 0) samples[side].push(sample);
    }
    report(round === 0 ? 'warmed up' : `round ${round} of ${rounds}`);
  }
  return comparison.metrics.map((metric) => rowOf(metric, samples));
}

function rowOf(
  { metric, unit, better, goal, limit }: Metric,
  samples: { readonly ours: readonly Sample[]; readonly baseline: readonly Sample[] },
): BenchRow {
  const ours = median(valuesOf(samples.ours, metric));
  const baseline = median(valuesOf(samples.baseline, metric));
  const ratio = better === 'larger' ? ours / baseline : baseline / ours;
  const asked = { ...(goal === undefined ? {} : { goal }), ...(limit === undefined ? {} : { limit }) };
  return { metric, unit, ours, baseline, ratio, ...asked };
}

function valuesOf(samples: readonly Sample[], metric: string): number[] {
  return samples.map((sample) => {
    const value = sample[metric];
    if (value === undefined || !Number.isFinite(value)) throw new TypeError(`a round measured no "${metric}"`);
    return value;
  });
}

/** The middle value, or the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which a share of the values lies, interpolated between neighbours. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)];
  const high = sorted[Math.ceil(at)];
  if (low === undefined || high === undefined) throw new RangeError('there is no quantile of nothing');
  return low + (high - low) * (at - Math.floor(at));
}

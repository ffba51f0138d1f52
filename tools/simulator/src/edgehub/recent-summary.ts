import { Summary } from 'prom-client';
import type { SummaryConfiguration } from 'prom-client';

/** Quantiles are those of so many of the newest values. */
const KEPT = 500;

/** The values of one combination of labels. */
export class SummarySeries {
  count = 0;
  sum = 0;
  readonly #recent: number[] = [];

  record(value: number): void {
    this.#recent[this.#at] = value;
    this.count += 1;
    this.sum += value;
  }

  /** By the quantile, in the order asked for; 0 when there is no value. */
  quantiles(wanted: readonly number[]): number[] {
    const sorted = this.#recent.toSorted((a, b) => a - b);
    return wanted.map((quantile) => sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))] ?? 0);
  }

  get #at(): number {
    return this.count % KEPT;
  }
}

/**
 * A summary that is cheap to tell: the digest of prom-client costs more for each value than routing a message does. The newest
 * values are kept as they are, and sorted when somebody reads the metrics.
 */
export class RecentSummary extends Summary {
  readonly #quantiles: readonly number[];
  readonly #series = new Map<string, { readonly labels: Record<string, string | number>; values: SummarySeries }>();

  constructor(configuration: SummaryConfiguration<string> & { readonly percentiles: number[] }) {
    super(configuration);
    this.#quantiles = configuration.percentiles;
  }

  /** The values of one combination of labels; whoever has many values asks for it once. */
  of(labels: Record<string, string | number>): SummarySeries {
    const key = Object.values(labels).join('\n');
    const known = this.#series.get(key);
    if (known !== undefined) return known.values;
    const values = new SummarySeries();
    this.#series.set(key, { labels, values });
    return values;
  }

  override async get(): Promise<Awaited<ReturnType<Summary['get']>>> {
    const described = await super.get();
    const values = [...this.#series.values()].flatMap(({ labels, values: series }) => [
      ...series.quantiles(this.#quantiles).map((value, index) => ({
        labels: { quantile: this.#quantiles[index] ?? 0, ...labels },
        value,
      })),
      { metricName: `${described.name}_sum`, labels, value: series.sum },
      { metricName: `${described.name}_count`, labels, value: series.count },
    ]);
    return { ...described, values };
  }
}

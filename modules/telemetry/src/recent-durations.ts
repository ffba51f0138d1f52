/** Samples kept for each set of labels. */
const CAPACITY = 1_024;
const WINDOW_MS = 600_000;
const QUANTILES = [0.1, 0.5, 0.9, 0.99] as const;

/** What one line of the exposition says. */
interface SampleLine {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly metricName: string;
}

/** The recent samples of one set of labels, oldest overwritten first, and the sum and count of all. */
interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly values: Float64Array;
  readonly times: Float64Array;
  count: number;
  sum: number;
}

/**
 * A summary in Prometheus' terms: quantiles of at most the last 1,024 samples of the last ten minutes, with sum and count of
 * all. Recording is a write into an array; quantiles are worked out when they are asked for. It has the shape that a
 * prom-client registry takes, whose own summary spends as long on a sample as a scorer on reading a message.
 */
export class RecentDurations {
  readonly name: string;
  readonly help: string;
  readonly type = 'summary';
  readonly aggregator = 'sum';
  readonly #labelNames: readonly string[];
  readonly #now: () => number;
  readonly #series = new Map<string, Series>();

  constructor(
    metric: { readonly name: string; readonly help: string; readonly labelNames: readonly string[] },
    now: () => number = () => performance.now(),
  ) {
    this.name = metric.name;
    this.help = metric.help;
    this.#labelNames = metric.labelNames;
    this.#now = now;
  }

  observe(labels: Readonly<Record<string, string>>, value: number): void {
    const series = this.#seriesOf(labels);
    const place = series.count % CAPACITY;
    series.values[place] = value;
    series.times[place] = this.#now();
    series.count += 1;
    series.sum += value;
  }

  reset(): void {
    this.#series.clear();
  }

  get(): Promise<{ name: string; help: string; type: 'summary'; aggregator: 'sum'; values: SampleLine[] }> {
    const { name, help, type, aggregator } = this;
    const values = [...this.#series.values()].flatMap((series) => this.#lines(series));
    return Promise.resolve({ name, help, type, aggregator, values });
  }

  #lines({ labels, values, times, count, sum }: Series): SampleLine[] {
    const since = this.#now() - WINDOW_MS;
    const recent = values.subarray(0, Math.min(count, CAPACITY)).filter((_, index) => (times[index] ?? 0) >= since);
    recent.sort();
    const at = (quantile: number): number =>
      recent[Math.min(recent.length - 1, Math.floor(quantile * recent.length))] ?? 0;
    return [
      ...QUANTILES.map((quantile) => ({ labels: { quantile, ...labels }, value: at(quantile), metricName: this.name })),
      { labels, value: sum, metricName: `${this.name}_sum` },
      { labels, value: count, metricName: `${this.name}_count` },
    ];
  }

  #seriesOf(labels: Readonly<Record<string, string>>): Series {
    const key = this.#labelNames.map((name) => labels[name] ?? '').join('\u0000');
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    const series = {
      labels: { ...labels },
      values: new Float64Array(CAPACITY),
      times: new Float64Array(CAPACITY),
      count: 0,
      sum: 0,
    };
    this.#series.set(key, series);
    return series;
  }
}

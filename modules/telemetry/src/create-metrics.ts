import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { Metric } from 'prom-client';
import { Later } from './later.ts';
import { RecentDurations } from './recent-durations.ts';
import { TelemetryError } from './telemetry-error.ts';

export interface MetricsOptions {
  /** Put before every name, with `_`: IoT Edge wants names to begin with the module's. */
  readonly prefix: string;
  /**
   * Put on every sample. On an edge device: `iothub`, `edge_device`, `module_name` and `instance_number` (an identifier
   * made at each start), as IoT Edge's own modules have them.
   */
  readonly labels?: Readonly<Record<string, string>>;
  /** Memory, processor time and event-loop delay of this process as well; default true. */
  readonly process?: boolean;
}

/** What a metric is called and says. */
export interface MetricOptions<Label extends string = string> {
  /** Without the prefix; counters end in `_total`, durations in `_seconds`. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly Label[];
}

export interface CounterMetric<Label extends string = string> {
  add(labels: Readonly<Record<Label, string>>, by?: number): void;
}

export interface GaugeMetric<Label extends string = string> {
  set(labels: Readonly<Record<Label, string>>, value: number): void;
  /** Takes all its samples away. */
  clear(): void;
}

export interface DurationMetric<Label extends string = string> {
  /** @param milliseconds what `performance.now()` differences give; the sample is in seconds */
  observe(labels: Readonly<Record<Label, string>>, milliseconds: number): void;
}

/** The metrics of one program. */
export interface Metrics {
  counter<Label extends string = never>(options: MetricOptions<Label>): CounterMetric<Label>;
  gauge<Label extends string = never>(options: MetricOptions<Label>): GaugeMetric<Label>;
  /** A gauge whose value is asked for at each scrape. */
  sampledGauge(options: MetricOptions<never>, sample: () => number): void;
  /** A summary with the quantiles 0.1, 0.5, 0.9 and 0.99 of the last 1,024 samples of ten minutes, as IoT Edge's modules have them. */
  duration<Label extends string = never>(options: MetricOptions<Label>): DurationMetric<Label>;
  /** The exposition, text format 0.0.4. */
  text(): Promise<string>;
  readonly contentType: string;
  /** All samples as data, for those who send them elsewhere. */
  families(): Promise<readonly MetricFamily[]>;
}

/** The samples of one metric. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: unknown;
  readonly values: readonly MetricSample[];
}

export interface MetricSample {
  readonly value: number;
  readonly labels: Readonly<Partial<Record<string, string | number>>>;
  /** Of a sum or a count, which has a name of its own. */
  readonly metricName?: string;
}

const NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * Makes the metrics of a program. There are no histograms: their last bucket is `+Inf`, and IoT Edge's metrics collector
 * does not read infinite values; durations are summaries instead, as in IoT Edge's own modules. What is recorded is entered two turns
 * of the event loop later, off the path of the request, and before `text` reads it.
 *
 * @throws TelemetryError `TelemetryInvalid` for a prefix, label or metric name that Prometheus does not take
 */
export function createMetrics(options: MetricsOptions): Metrics {
  const labels = options.labels ?? {};
  for (const name of [options.prefix, ...Object.keys(labels)]) checkName(name);
  const registry = new Registry();
  registry.setDefaultLabels({ ...labels });
  const later = new Later();
  const nameOf = (name: string) => checkName(`${options.prefix}_${name}`);
  const common = (metric: MetricOptions) => ({
    name: nameOf(metric.name),
    help: metric.help,
    labelNames: metric.labels ?? [],
    registers: [registry],
  });
  if (options.process !== false) collectProcessMetrics(registry, options.prefix);
  return {
    counter: (metric) => {
      const counter = new Counter(common(metric));
      return {
        add: (values, by = 1) => {
          const amount = finite(metric.name, by);
          later.add(() => counter.inc(values, amount));
        },
      };
    },
    gauge: (metric) => {
      const gauge = new Gauge(common(metric));
      return { set: (values, value) => gauge.set(values, finite(metric.name, value)), clear: () => gauge.reset() };
    },
    sampledGauge: (metric, sample) => {
      const gauge: Gauge = new Gauge({ ...common(metric), collect: () => gauge.set(finite(metric.name, sample())) });
    },
    duration: (metric) => {
      const durations = new RecentDurations(common(metric));
      registry.registerMetric(durations as unknown as Metric);
      return {
        observe: (values, milliseconds) => {
          const seconds = finite(metric.name, milliseconds / 1000);
          later.add(() => durations.observe(values, seconds));
        },
      };
    },
    // prom-client writes Nan, which IoT Edge's collector does not read
    text: async () => {
      later.flush();
      return (await registry.metrics()).replace(/ Nan$/gm, ' NaN');
    },
    contentType: registry.contentType,
    families: async () => {
      later.flush();
      return await registry.getMetricsAsJSON();
    },
  };
}

function collectProcessMetrics(registry: Registry, prefix: string): void {
  collectDefaultMetrics({ register: registry, prefix: `${prefix}_` });
  // the only histogram among them
  registry.removeSingleMetric(`${prefix}_nodejs_gc_duration_seconds`);
}

function checkName(name: string): string {
  if (NAME.test(name)) return name;
  throw new TelemetryError(
    'TelemetryInvalid',
    `"${name}" is no name for a metric or label: expected letters, digits and "_", not beginning with a digit`,
    { details: { setting: 'name', value: name } },
  );
}

function finite(name: string, value: number): number {
  if (Number.isFinite(value)) return value;
  throw new TelemetryError(
    'TelemetryInvalid',
    `cannot record ${value} in the metric "${name}": IoT Edge's metrics collector reads finite values only`,
    { details: { setting: name, value: String(value) } },
  );
}

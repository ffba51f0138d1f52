import type { GaugeMetric, Metrics } from '@edgewright/telemetry';
import type { ModelDrift } from './model-drift.ts';

/** Features of each side that have metrics of their own: each label value is memory in everything that scrapes. */
const MAX_FEATURES = 100;

type Label = 'model' | 'version' | 'side' | 'feature';

/** Figures of drift for Prometheus. */
export class DriftMetrics {
  readonly #gauges: Readonly<Record<'psi' | 'ks' | 'missingRate' | 'outOfRangeRate', GaugeMetric<Label>>>;
  readonly #drifting;
  readonly #rows;
  readonly #alarms;
  readonly #unread;

  constructor(metrics: Metrics) {
    const gauge = (name: string, help: string) =>
      metrics.gauge({ name: `drift_${name}`, help, labels: ['model', 'version', 'side', 'feature'] });
    this.#gauges = {
      psi: gauge('psi', 'Population stability index of a feature against the baseline'),
      ks: gauge('ks', 'Kolmogorov-Smirnov statistic of a feature against the baseline'),
      missingRate: gauge('missing_ratio', 'Share of rows without the feature'),
      outOfRangeRate: gauge('out_of_range_ratio', 'Share of values that the baseline never saw'),
    };
    const labels = ['model', 'version'] as const;
    this.#drifting = metrics.gauge({ name: 'drift_drifting_features', help: 'Features that drift', labels });
    this.#rows = metrics.gauge({ name: 'drift_window_rows', help: 'Rows that are compared', labels });
    this.#alarms = metrics.counter({
      name: 'drift_alarms_total',
      help: 'Times that a feature began to drift, by what was over its limit',
      labels: ['model', 'version', 'measure'],
    });
    this.#unread = metrics.counter({
      name: 'drift_unread_total',
      help: 'Requests that were not looked at: busy, or unlike where they have no feature of the baseline',
      labels: ['reason'],
    });
  }

  /** Shows the figures of a model that was compared just now. */
  show(drift: ModelDrift): void {
    const { name: model, version } = drift;
    const shown = { input: 0, output: 0 };
    for (const figure of drift.figures()) {
      shown[figure.side] += 1;
      if (shown[figure.side] > MAX_FEATURES) continue;
      const labels = { model, version, side: figure.side, feature: figure.name };
      for (const measure of ['psi', 'ks', 'missingRate', 'outOfRangeRate'] as const) {
        const value = figure[measure];
        if (value !== undefined) this.#gauges[measure].set(labels, value);
      }
    }
    const { drifting } = drift.report(0);
    this.#drifting.set({ model, version }, drifting);
    this.#rows.set({ model, version }, drift.rows);
  }

  /** Takes the figures of models that score no more away. */
  clear(): void {
    for (const gauge of [...Object.values(this.#gauges), this.#drifting, this.#rows]) gauge.clear();
  }

  alarm({ name: model, version }: ModelDrift, measure: string): void {
    this.#alarms.add({ model, version, measure });
  }

  unread(reason: 'busy' | 'unlike'): void {
    this.#unread.add({ reason });
  }
}

import { ValueType } from '@opentelemetry/api';
import { millisToHrTime } from '@opentelemetry/core';
import { emptyResource } from '@opentelemetry/resources';
import { AggregationTemporality, DataPointType } from '@opentelemetry/sdk-metrics';
import type { CollectionResult, DataPoint, MetricData, MetricProducer } from '@opentelemetry/sdk-metrics';
import type { Metrics, MetricSample } from '../create-metrics.ts';

/**
 * Gives OpenTelemetry the figures that stand at /metrics, under the same names and labels, so that a dashboard does not care which way they
 * came. A summary becomes what it is in Prometheus' text: quantiles, a sum and a count. A gauge that has no number yet is left out.
 */
export class MetricsProducer implements MetricProducer {
  readonly #metrics: Pick<Metrics, 'families'>;
  readonly #startTime = millisToHrTime(Date.now());

  constructor(metrics: Pick<Metrics, 'families'>) {
    this.#metrics = metrics;
  }

  async collect(): Promise<CollectionResult> {
    const endTime = millisToHrTime(Date.now());
    const families = await this.#metrics.families();
    const metrics = families.flatMap(({ name, help, type, values }) => {
      const byName = Map.groupBy(
        values.filter(({ value }) => Number.isFinite(value)),
        ({ metricName = name }) => metricName,
      );
      return [...byName].map(([sampleName, samples]): MetricData => {
        const points = samples.map((sample) => this.#point(sample, endTime));
        const isSum = String(type) === 'counter' || sampleName !== name;
        return dataOf({ name: sampleName, description: help }, points, isSum);
      });
    });
    return {
      resourceMetrics: { resource: emptyResource(), scopeMetrics: [{ scope: { name: 'edgewright' }, metrics }] },
      errors: [],
    };
  }

  #point({ labels, value }: MetricSample, endTime: DataPoint<number>['endTime']): DataPoint<number> {
    const attributes = Object.fromEntries(Object.entries(labels).map(([key, text]) => [key, String(text)]));
    return { startTime: this.#startTime, endTime, attributes, value };
  }
}

function dataOf(
  names: { readonly name: string; readonly description: string },
  dataPoints: DataPoint<number>[],
  isSum: boolean,
): MetricData {
  const shared = {
    descriptor: { ...names, unit: '', valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPoints,
  };
  return isSum
    ? { ...shared, dataPointType: DataPointType.SUM, isMonotonic: true }
    : { ...shared, dataPointType: DataPointType.GAUGE };
}

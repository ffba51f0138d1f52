import { DataPointType } from '@opentelemetry/sdk-metrics';
import type { MetricData, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { envelopeOf, limits, propertiesOf } from './envelope.ts';
import type { Envelope } from './envelope.ts';

/**
 * Figures as Application Insights' table `customMetrics` has them. What only ever grows is sent as its growth since the last time, which is
 * what that table adds up.
 */
export class MetricEnvelopes {
  readonly #instrumentationKey: string;
  readonly #last = new Map<string, number>();

  constructor(instrumentationKey: string) {
    this.#instrumentationKey = instrumentationKey;
  }

  of({ resource, scopeMetrics }: ResourceMetrics): Envelope[] {
    const sender = { instrumentationKey: this.#instrumentationKey, resource };
    return scopeMetrics
      .flatMap(({ metrics }) => metrics)
      .flatMap((metric) =>
        metric.dataPoints.flatMap(({ attributes, endTime, value }) => {
          const figure = typeof value === 'number' ? this.#figure(metric, attributes, value) : undefined;
          if (figure === undefined) return [];
          const baseData = {
            metrics: [{ name: metric.descriptor.name.slice(0, limits.name), value: figure, count: 1 }],
            properties: propertiesOf(attributes),
          };
          return [envelopeOf('Metric', sender, { time: endTime, baseData })];
        }),
      );
  }

  /** @returns undefined for what has not grown */
  #figure({ descriptor, dataPointType }: MetricData, attributes: object, value: number): number | undefined {
    if (!Number.isFinite(value)) return undefined;
    if (dataPointType !== DataPointType.SUM) return value;
    const key = `${descriptor.name} ${JSON.stringify(attributes)}`;
    const growth = value - (this.#last.get(key) ?? 0);
    this.#last.set(key, value);
    return growth > 0 ? growth : undefined;
  }
}

import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import type { Resource } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import type { LogRecordProcessor, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics';
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import { azureExporters } from '../azure-monitor/azure-exporters.ts';
import { MetricsProducer } from './metric-producer.ts';
import { otlpLogs, otlpMetrics, otlpSpans } from './otlp-exporters.ts';
import type { Signal, TracingOptions } from './tracing.ts';
import { WatchedExporter } from './watched-exporter.ts';
import type { Exporter } from './watched-exporter.ts';

/** Spans that wait for an exporter; beyond that they are lost. */
const MAX_SPANS = 2_048;
/** Log records, which may be some ten kilobytes each. */
const MAX_RECORDS = 1_024;
const MAX_BATCH = 256;
const DELAY_MS = 2_000;
const EXPORT_TIMEOUT_MS = 10_000;
const METRICS_INTERVAL_MS = 60_000;

export interface Providers {
  readonly spans: TracerProvider;
  readonly logs: LoggerProvider;
  readonly metrics: MeterProvider | undefined;
}

/** Opens OpenTelemetry's providers, each with a queue and an exporter for everyone who is to be told. */
export function openProviders(options: TracingOptions): Providers {
  const { otlp = [], azureMonitor, metrics, sampleRatio, metricsIntervalMs = METRICS_INTERVAL_MS } = options;
  const resource = resourceOf(options);
  const azure = azureMonitor === undefined ? undefined : azureExporters(azureMonitor);
  const exporters = <Kind>(signal: Signal, make: () => Kind, other: Kind | undefined): Kind[] => [
    ...(otlp.includes(signal) ? [make()] : []),
    ...(other === undefined ? [] : [other]),
  ];
  const readers =
    metrics === undefined
      ? []
      : exporters<PushMetricExporter>('metrics', otlpMetrics, azure?.metrics).map(
          (exporter) =>
            new PeriodicExportingMetricReader({
              exporter: watchedMetrics(exporter, options),
              exportIntervalMillis: metricsIntervalMs,
              exportTimeoutMillis: Math.min(EXPORT_TIMEOUT_MS, metricsIntervalMs),
              metricProducers: [new MetricsProducer(metrics)],
            }),
        );
  return {
    spans: new TracerProvider({
      resource,
      sampler: new ParentBasedSampler({
        root: sampleRatio >= 1 ? new AlwaysOnSampler() : new TraceIdRatioBasedSampler(sampleRatio),
      }),
      spanProcessors: exporters<Exporter<ReadableSpan[]>>('spans', otlpSpans, azure?.spans).map((exporter) =>
        spanQueue(exporter, options),
      ),
    }),
    logs: new LoggerProvider({
      resource,
      processors: exporters<Exporter<ReadableLogRecord[]>>('logs', otlpLogs, azure?.logs).map((exporter) =>
        logQueue(exporter, options),
      ),
    }),
    metrics: readers.length === 0 ? undefined : new MeterProvider({ resource, readers }),
  };
}

/** What the variables of OpenTelemetry say of the resource goes before what the program says of itself. */
function resourceOf({ serviceName, serviceVersion, attributes }: TracingOptions): Resource {
  const own = resourceFromAttributes({ 'service.name': serviceName, 'service.version': serviceVersion, ...attributes });
  return defaultResource()
    .merge(own)
    .merge(detectResources({ detectors: [envDetector] }));
}

function spanQueue(exporter: Exporter<ReadableSpan[]>, { onLost, delayMs = DELAY_MS }: TracingOptions): SpanProcessor {
  const watched = new WatchedExporter(exporter, MAX_SPANS, (count, error) => onLost('spans', count, error));
  const queue = new BatchSpanProcessor({
    exporter: watched,
    maxQueueSize: MAX_SPANS,
    maxExportBatchSize: MAX_BATCH,
    scheduledDelayMillis: delayMs,
    exportTimeoutMillis: EXPORT_TIMEOUT_MS,
  });
  return {
    onStart: (span, context) => queue.onStart(span, context),
    onEnd: (span) => {
      if (watched.admit()) queue.onEnd(span);
    },
    forceFlush: () => queue.forceFlush(),
    shutdown: () => queue.shutdown(),
  };
}

function logQueue(
  exporter: Exporter<ReadableLogRecord[]>,
  { onLost, delayMs = DELAY_MS }: TracingOptions,
): LogRecordProcessor {
  const watched = new WatchedExporter(exporter, MAX_RECORDS, (count, error) => onLost('logs', count, error));
  const queue = new BatchLogRecordProcessor({
    exporter: watched,
    maxQueueSize: MAX_RECORDS,
    maxExportBatchSize: MAX_BATCH,
    scheduledDelayMillis: delayMs,
    exportTimeoutMillis: EXPORT_TIMEOUT_MS,
  });
  return {
    onEmit: (record) => {
      if (watched.admit()) queue.onEmit(record);
    },
    forceFlush: () => queue.forceFlush(),
    shutdown: () => queue.shutdown(),
  };
}

function watchedMetrics(exporter: PushMetricExporter, { onLost }: TracingOptions): PushMetricExporter {
  return {
    export: (metrics, done) =>
      exporter.export(metrics, (result) => {
        if (result.error !== undefined) onLost('metrics', 1, result.error);
        done(result);
      }),
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  };
}

export { parseConnectionString } from './azure-monitor/connection-string.ts';
export type { ConnectionString } from './azure-monitor/connection-string.ts';
export { boundedJson } from './bounded-json.ts';
export { createLogger, logLevels } from './create-logger.ts';
export type { Logger, LoggerOptions, LogLevel } from './create-logger.ts';
export { createMetrics } from './create-metrics.ts';
export type {
  CounterMetric,
  DurationMetric,
  GaugeMetric,
  MetricOptions,
  Metrics,
  MetricsOptions,
} from './create-metrics.ts';
export { HealthBoard } from './health-board.ts';
export { createScoringMetrics } from './scoring-metrics.ts';
export type { EngineFigures, ScoredRequest, ScoringHost, ScoringMetrics } from './scoring-metrics.ts';
export { TelemetryError } from './telemetry-error.ts';
export { acceleratorCall } from './tracing/accelerator-call.ts';
export { openTracing } from './tracing/open-tracing.ts';
export { VALUE_LIMIT } from './tracing/tracing.ts';
export type {
  LogEntry,
  ScoredFacts,
  Signal,
  SpanAttributes,
  SpanKindName,
  SpanOptions,
  TraceCarrier,
  TraceSpan,
  Tracing,
  TracingOptions,
} from './tracing/tracing.ts';

import { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import { convertLegacyHttpOptions, createOtlpHttpExportDelegate } from '@opentelemetry/otlp-exporter-base/node-http';
import {
  LogsExporterMetricsHelper,
  MetricsExporterMetricsHelper,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
  TraceExporterMetricsHelper,
} from '@opentelemetry/otlp-transformer';
import type { IExporterMetricsHelper, ISerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

const EXPORT_TIMEOUT_MS = 10_000;

/** Exports spans over OTLP: HTTP with protocol buffers. */
export function otlpSpans(): OTLPExporterBase<ReadableSpan[]> {
  return otlpExporter('TRACES', [ProtobufTraceSerializer, TraceExporterMetricsHelper]);
}

/** Exports log records over OTLP. */
export function otlpLogs(): OTLPExporterBase<ReadableLogRecord[]> {
  return otlpExporter('LOGS', [ProtobufLogsSerializer, LogsExporterMetricsHelper]);
}

/** Exports metrics over OTLP. */
export function otlpMetrics(): OTLPExporterBase<ResourceMetrics> {
  return otlpExporter('METRICS', [ProtobufMetricsSerializer, MetricsExporterMetricsHelper]);
}

/**
 * What OpenTelemetry's own three packages of exporters do, each in a class of one line.
 * Where to, and with which headers and certificates, is read from the standard variables.
 */
function otlpExporter<Internal, Response>(
  signal: 'TRACES' | 'LOGS' | 'METRICS',
  [serializer, helper]: readonly [ISerializer<Internal, Response>, IExporterMetricsHelper<Internal>],
): OTLPExporterBase<Internal> {
  const options = convertLegacyHttpOptions({ timeoutMillis: EXPORT_TIMEOUT_MS }, signal, `v1/${signal.toLowerCase()}`, {
    'content-type': 'application/x-protobuf',
  });
  return new OTLPExporterBase(createOtlpHttpExportDelegate(options, serializer, 'otlp_http', helper, undefined));
}

import { messageOf } from '@edgewright/contract';
import { ExportResultCode } from '@opentelemetry/core';
import type { ExportResult } from '@opentelemetry/core';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { ConnectionString } from './connection-string.ts';
import type { Envelope } from './envelope.ts';
import { logEnvelope } from './log-envelope.ts';
import { MetricEnvelopes } from './metric-envelopes.ts';
import { spanEnvelopes } from './span-envelopes.ts';
import { TrackClient } from './track-client.ts';
import type { Exporter } from '../tracing/watched-exporter.ts';

/** Exporters to Application Insights, one for each signal. */
export interface AzureExporters {
  readonly spans: Exporter<ReadableSpan[]>;
  readonly logs: Exporter<ReadableLogRecord[]>;
  readonly metrics: Exporter<ResourceMetrics> & { forceFlush(): Promise<void> };
}

/** Opens the exporters to one resource. */
export function azureExporters(connection: ConnectionString): AzureExporters {
  const { instrumentationKey } = connection;
  const client = new TrackClient(connection.ingestionEndpoint);
  const figures = new MetricEnvelopes(instrumentationKey);
  return {
    spans: exporterOf(client, (spans: ReadableSpan[]) =>
      spans.flatMap((span) => spanEnvelopes(span, instrumentationKey)),
    ),
    logs: exporterOf(client, (records: ReadableLogRecord[]) => records.map((record) => logEnvelope(record, instrumentationKey))), // prettier-ignore
    metrics: exporterOf(client, (metrics: ResourceMetrics) => figures.of(metrics)),
  };
}

function exporterOf<Batch>(
  client: TrackClient,
  envelopesOf: (batch: Batch) => Envelope[],
): Exporter<Batch> & { forceFlush(): Promise<void> } {
  let last: Promise<void> = Promise.resolve();
  const send = async (batch: Batch, done: (result: ExportResult) => void): Promise<void> => {
    try {
      await client.send(envelopesOf(batch));
    } catch (error) {
      done({
        code: ExportResultCode.FAILED,
        error: error instanceof Error ? error : new TypeError(messageOf(error)),
      });
      return;
    }
    done({ code: ExportResultCode.SUCCESS });
  };
  return {
    export: (batch, done) => {
      last = send(batch, done);
    },
    forceFlush: () => last,
    shutdown: () => last,
  };
}

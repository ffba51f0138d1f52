import os from 'node:os';
import { isEdgewrightError } from '@edgewright/contract';
import { openTracing, parseConnectionString } from '@edgewright/telemetry';
import type { ConnectionString, Logger, Metrics, Signal, Tracing } from '@edgewright/telemetry';
import manifest from '../package.json' with { type: 'json' };
import { readSecret } from './read-secret.ts';
import type { ScorerEnvironment } from './scorer-environment.ts';
import type { TracingEnvironment } from './tracing-environment.ts';

/** What is lost is told of once in this time: a collector that is away loses some every few seconds. */
const SILENCE_MS = 60_000;

/** Opens spans, logs and metrics to those whom the environment names. */
export async function startTracing(
  { tracing, edge }: Pick<ScorerEnvironment, 'tracing' | 'edge'>,
  { logger, metrics }: { readonly logger: Logger; readonly metrics: Metrics },
): Promise<Tracing | undefined> {
  if (tracing === undefined) return undefined;
  const azureMonitor = await readConnection(tracing, logger);
  if (azureMonitor === undefined && tracing.otlp.length === 0) return undefined;
  const { serviceName, metricsIntervalMs, dimensions, ...wanted } = tracing;
  return openTracing({
    ...wanted,
    metrics,
    dimensions: { ...dimensions, 'Container Id': dimensions['Container Id'] || os.hostname() },
    ...(azureMonitor === undefined ? {} : { azureMonitor }),
    ...(metricsIntervalMs === undefined ? {} : { metricsIntervalMs }),
    serviceName: serviceName ?? edge?.labels.module_name ?? 'edgewright-scorer',
    serviceVersion: manifest.version,
    attributes: edge === undefined ? {} : { 'host.name': edge.labels.edge_device, 'iothub.name': edge.labels.iothub },
    onLost: tellOfLoss(logger, metrics),
  });
}

/** A service that scores is worth more than its telemetry: a string that cannot be used is warned of. */
async function readConnection(
  { appInsights }: TracingEnvironment,
  logger: Logger,
): Promise<ConnectionString | undefined> {
  if (appInsights === undefined) return undefined;
  if (appInsights === 'missing') {
    logger.warn(
      'AML_APP_INSIGHTS_ENABLED is true, and APPLICATIONINSIGHTS_CONNECTION_STRING is not set: Application Insights is told nothing',
    );
    return undefined;
  }
  try {
    return parseConnectionString(await readSecret(appInsights), 'APPLICATIONINSIGHTS_CONNECTION_STRING');
  } catch (error) {
    if (!isEdgewrightError(error)) throw error;
    logger.warn({ code: error.code, reason: error.message }, 'Application Insights is told nothing');
    return undefined;
  }
}

function tellOfLoss(logger: Logger, metrics: Metrics): (signal: Signal, count: number, error: Error) => void {
  const lost = metrics.counter({
    name: 'telemetry_lost_total',
    help: 'Spans, log records and metric exports that could not be sent',
    labels: ['signal'],
  });
  const toldAt = new Map<Signal, number>();
  return (signal, count, error) => {
    lost.add({ signal }, count);
    if (performance.now() - (toldAt.get(signal) ?? Number.NEGATIVE_INFINITY) < SILENCE_MS) return;
    toldAt.set(signal, performance.now());
    logger.warn({ signal, count, reason: error.message }, `${signal} could not be sent and are lost`);
  };
}

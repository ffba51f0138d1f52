import { openTracing } from '@edgewright/telemetry';
import type { Logger, Tracing } from '@edgewright/telemetry';
import manifest from '../package.json' with { type: 'json' };
import type { ScorerEnvironment } from './scorer-environment.ts';

/** Lost spans are told of once in this time: a collector that is away loses some every few seconds. */
const SILENCE_MS = 60_000;

/** Opens spans where the environment has an endpoint for them. */
export async function startTracing(
  { tracing, edge }: Pick<ScorerEnvironment, 'tracing' | 'edge'>,
  logger: Logger,
): Promise<Tracing | undefined> {
  if (tracing === undefined) return undefined;
  let toldAt = Number.NEGATIVE_INFINITY;
  return openTracing({
    serviceName: tracing.serviceName ?? edge?.labels.module_name ?? 'edgewright-scorer',
    serviceVersion: manifest.version,
    attributes: edge === undefined ? {} : { 'host.name': edge.labels.edge_device, 'iothub.name': edge.labels.iothub },
    sampleRatio: tracing.sampleRatio,
    onLost: (error) => {
      if (performance.now() - toldAt < SILENCE_MS) return;
      toldAt = performance.now();
      logger.warn({ reason: error.message }, 'spans could not be sent and are lost');
    },
  });
}

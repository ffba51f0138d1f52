import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CollectionSettings, ScoringConfig } from '@edgewright/contract';
import { DataCollector } from '@edgewright/collection';
import type { MessageCollection } from '@edgewright/edge';
import type { Logger, Metrics } from '@edgewright/telemetry';
import type { ScorerEnvironment } from './scorer-environment.ts';

export interface StartCollectionOptions {
  readonly environment: ScorerEnvironment;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Its first model is what the service is called after when nothing names it. */
  readonly config: ScoringConfig;
}

/**
 * Opens the collection of inputs and predictions, by what the environment says.
 *
 * @throws CollectionError `CollectionInvalid`, `CollectionBufferUnusable`
 */
export async function startCollection({
  environment,
  metrics,
  logger,
  config,
}: StartCollectionOptions): Promise<DataCollector> {
  const { edge, service, stateDirectory, collection } = environment;
  const { settings, credential, hashKey } = collection;
  const collector = new DataCollector({
    host: {
      owner: {
        subscription: 'local',
        resourceGroup: 'local',
        workspace: edge?.labels.iothub ?? 'local',
        service:
          edge === undefined
            ? (service.name ?? config.models[0]?.name ?? 'model')
            : `${edge.labels.edge_device}.${edge.labels.module_name}`,
      },
      stateDirectory: stateDirectory ?? path.join(tmpdir(), 'edgewright'),
      ...(credential === undefined ? {} : { credential }),
      ...(hashKey === undefined ? {} : { hashKey }),
    },
    metrics,
    logger,
  });
  if (settings !== undefined) await begin(collector, settings, { environment, logger });
  return collector;
}

/** The collector as an edge module has it: what the twin does not say is as the environment says. */
export function byTwin(collector: DataCollector, { collection }: ScorerEnvironment): MessageCollection {
  return {
    configure: (settings) => collector.configure(settings ?? collection.settings),
    status: () => collector.status,
  };
}

async function begin(
  collector: DataCollector,
  settings: CollectionSettings,
  { environment, logger }: Pick<StartCollectionOptions, 'environment' | 'logger'>,
): Promise<void> {
  await collector.configure(settings);
  const { folder, container, format = 'csv' } = settings;
  logger.info({ folder, container, format }, 'inputs and predictions are collected');
  if (folder === undefined && environment.stateDirectory === undefined) {
    logger.warn(
      'EDGEWRIGHT_STATE_DIRECTORY is not set: collected data that wait for their upload end with the container',
    );
  }
}

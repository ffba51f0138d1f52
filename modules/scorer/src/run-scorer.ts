import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { messageOf } from '@edgewright/contract';
import type { ScoringConfig } from '@edgewright/contract';
import { runEdgeModule } from '@edgewright/edge';
import type { ModelSlot } from '@edgewright/edge';
import { DriftMonitor } from '@edgewright/drift';
import type { DriftMonitorOptions } from '@edgewright/drift';
import { createEngine, declaredSettings, observeEngine } from '@edgewright/engine';
import type { Engine, EngineOptions } from '@edgewright/engine';
import { createMetrics, createScoringMetrics, HealthBoard } from '@edgewright/telemetry';
import type { Logger, Metrics } from '@edgewright/telemetry';
import { baselineOf, imageModels, openModels } from './open-models.ts';
import { openRepository } from './open-repository.ts';
import { readSecret } from './read-secret.ts';
import { readScoringConfig } from './read-scoring-config.ts';
import type { ScorerEnvironment } from './scorer-environment.ts';
import { serveMetrics } from './serve-metrics.ts';
import type { MetricsServer } from './serve-metrics.ts';
import { serveService } from './serve-service.ts';
import { byTwin, startCollection } from './start-collection.ts';
import { startTracing } from './start-tracing.ts';
import { tellPrints } from './tell-prints.ts';
import { tuneDevice } from './tune-device.ts';

export interface RunScorerOptions {
  readonly environment: ScorerEnvironment;
  readonly logger: Logger;
  /** Ends the scorer: hosts first, so that they finish what they took, then the engine. */
  readonly signal: AbortSignal;
}

/**
 * Runs the scorer: loads the models, serves HTTP, and joins edgeHub where there is one, until the signal fires.
 *
 * @throws ScorerError `ScoringConfigInvalid`; CollectionError; EngineError when the models do not load; WebError `PortInUse`; EdgeError
 *   `HubUnreachable`
 */
export async function runScorer({ environment, logger, signal }: RunScorerOptions): Promise<void> {
  const config = await readScoringConfig(environment.appRoot);
  const metrics = createMetrics({ prefix: 'edgewright', labels: labelsOf(environment) });
  await using tracing = await startTracing(environment, { logger, metrics });
  const scoringMetrics = createScoringMetrics(metrics);
  await using collector = await startCollection({ environment, metrics, logger, config });
  const image = imageOf(config, environment);
  const models = await openModels(config, image, { environment, logger });
  const settings = engineSettings(config, environment);
  const options = { ...settings, log: tellPrints(logger, tracing), signal };
  const { modelControl } = environment.service;
  const repository =
    modelControl === undefined ? undefined : await openRepository(image, { environment, engine: options, logger });
  await using engine = repository ?? (await startEngine(models, options));
  scoringMetrics.watchEngine(() => engine.stats());
  const { appRoot } = environment;
  const find: DriftMonitorOptions['baselineOf'] = (model) => baselineOf(model, { config, models, appRoot });
  const drift = new DriftMonitor({ baselineOf: find, settings: environment.drift, metrics, logger });
  const watched = observeEngine(engine, drift);
  const shared = { logger, tracing, metrics, scoringMetrics };
  await using server = await serveService({
    ...shared,
    engine: collector.observing(watched, 'web'),
    service: environment.service,
    repository,
    http: environment.http,
    title: titleOf(config),
    documentsFolder: environment.appRoot,
  });
  const health = new HealthBoard();
  await using metricsServer = await startMetrics({ metrics, health }, environment, logger);
  const { edge, stateDirectory, fallbackKey } = environment;
  const facts = { url: server.url, metricsPort: metricsServer?.port, joinsEdgeHub: edge !== undefined };
  logger.info({ ...facts, ...engine.describe() }, 'ready to score');
  if (edge === undefined) await aborted(signal);
  else {
    const { hubDeadlineMs, tokenLifetime } = edge;
    await runEdgeModule({
      ...shared,
      engine: collector.observing(watched, 'edge'),
      collection: byTwin(collector, environment),
      models,
      drift,
      health,
      signal,
      settings: { ...(hubDeadlineMs === undefined ? {} : { hubDeadlineMs }), tokenLifetime },
      ...(stateDirectory === undefined ? {} : { stateDirectory }),
      // one worker with one thread, so that it takes little from the model in force
      startShadowEngine: (shadow, giveUp) => {
        const execution = config.entryScript === undefined ? ('worker' as const) : ('process' as const);
        return createEngine({ ...shadow, ...options, execution, workers: 1, threads: 1, signal: giveUp });
      },
      tune: tuneDevice(models, settings),
      ...(fallbackKey === undefined ? {} : { fallbackKey: async () => readSecret(fallbackKey) }),
    });
  }
  logger.info('closing');
}

/** What an engine for the models of the image is made of. */
function imageOf(config: ScoringConfig, environment: ScorerEnvironment) {
  return {
    ...imageModels(config, environment),
    ...declaredSettings(config),
    ...(environment.engine.batching === undefined ? {} : { batching: environment.engine.batching }),
    ...(config.entryScript === undefined ? {} : { entryScript: path.join(environment.appRoot, config.entryScript) }),
  };
}

/** Models that were fetched and do not load any more give way to what was before them. */
async function startEngine(
  models: ModelSlot,
  options: Omit<EngineOptions, 'models' | 'modelDirectory'> & { readonly signal: AbortSignal },
): Promise<Engine> {
  for (;;) {
    const starting = await models.starting();
    try {
      return await createEngine({ ...starting, ...options });
    } catch (error) {
      if (options.signal.aborted || !(await models.startFailed(error))) throw error;
    }
  }
}

/** How an engine runs its models, whichever they are. */
function engineSettings(config: ScoringConfig, environment: ScorerEnvironment) {
  const { backend, executionProviders } = config;
  // how requests are joined goes with the models: it is the image's, and other models may be swapped in
  const { batching: _batching, ...settings } = environment.engine;
  return {
    backend,
    ...(executionProviders === undefined ? {} : { executionProviders }),
    ...settings,
  };
}

/** Metrics on a port of their own are a convenience: they stand on the HTTP port as well. */
async function startMetrics(
  { metrics, health }: { readonly metrics: Metrics; readonly health: HealthBoard },
  { metricsPort, http }: ScorerEnvironment,
  logger: Logger,
): Promise<MetricsServer | undefined> {
  if (metricsPort === undefined) return undefined;
  try {
    return await serveMetrics(metrics, health, { host: http.host, port: metricsPort });
  } catch (error) {
    logger.warn(
      { metricsPort, reason: messageOf(error) },
      'no metrics on a port of their own; /metrics is on the HTTP port',
    );
    return undefined;
  }
}

function labelsOf({ edge }: ScorerEnvironment): Readonly<Record<string, string>> {
  return edge === undefined ? {} : { ...edge.labels, instance_number: randomUUID() };
}

function titleOf({ models }: ScoringConfig): { readonly title?: string; readonly version?: string } {
  const [model] = models;
  return model === undefined ? {} : { title: model.name, version: String(model.version) };
}

async function aborted(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

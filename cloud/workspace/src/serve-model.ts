import path from 'node:path';
import type { BackendChoice, DriftSettingsInput, EventSink, ExecutionProvider } from '@edgewright/contract';
import type { Engine, EngineDescription } from '@edgewright/engine';
import type { Logger, Metrics } from '@edgewright/telemetry';
import { readServedModel } from './read-served-model.ts';
import type { ServedModel } from './read-served-model.ts';
import type { WorkspaceModels } from './workspace-models.ts';

export interface ServeInput {
  /** A model file, or a registered model as `NAME` or `NAME:VERSION`. */
  readonly model: string;
  /** An inference configuration file, for its entry script, backend, batching, images and warm-up. */
  readonly inferenceConfig?: string | undefined;
  readonly backend?: BackendChoice | undefined;
  readonly executionProviders?: readonly ExecutionProvider[] | undefined;
  /** Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** Default 0: any free port. */
  readonly port?: number | undefined;
  /** Serves the Open Inference Protocol over gRPC too, on this port, 0 for any free one; default: not at all. */
  readonly grpcPort?: number | undefined;
  /** False: browsers get no page at `/` to try the model with. Default true. */
  readonly page?: boolean | undefined;
  /** How live data are compared with the model's baseline, when it has one. */
  readonly drift?: DriftSettingsInput | undefined;
  /** From which level on `log` gets lines; default `silent`. */
  readonly logLevel?: string | undefined;
  /** Takes lines of the log, JSON objects; default: standard output. */
  readonly log?: ((line: string) => void) | undefined;
  /** A folder that inputs and predictions are kept in; default: nothing is kept. */
  readonly collect?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A model that is being served. Closing it answers what is under way, then frees the port. */
export interface ModelServer extends AsyncDisposable {
  /** Without a `/` at the end. */
  readonly url: string;
  /** Where to POST. */
  readonly scoringUri: string;
  readonly port: number;
  /** Where gRPC is served, when it is. */
  readonly grpcPort?: number;
  readonly description: EngineDescription;
}

/**
 * Serves a model on this machine: loads it, warms it up, then listens.
 *
 * @throws ContractError `FileNotReadable`, `InvalidReference` · ModelsError `ModelNotFound` · EngineError · CollectionError · WebError
 *   `PortInUse`
 */
export async function serveModel(
  input: ServeInput,
  parts: { models: WorkspaceModels; events: EventSink },
): Promise<ModelServer> {
  const served = await readServedModel(input, parts.models);
  const { model } = served;
  const [{ DriftMonitor, readBaseline }, { observeEngine }, { serveScoring }, { createMetrics }] = await Promise.all([
    import('@edgewright/drift'),
    import('@edgewright/engine'),
    import('@edgewright/web'),
    import('@edgewright/telemetry'),
  ]);
  const logger = await openLog(input);
  parts.events({ stage: 'serve.load', state: 'started', text: `loading ${model.name}` });
  await using cleanup = new AsyncDisposableStack();
  const engine = cleanup.use(await startEngine(served, logger, input.signal));
  const description = engine.describe();
  parts.events({
    stage: 'serve.load',
    state: 'done',
    text: `loaded ${model.name} on the backend ${description.backend}: ${description.backendReason}`,
  });
  const metrics = createMetrics({ prefix: 'edgewright' });
  const drift = new DriftMonitor({
    baselineOf: () => readBaseline(served.modelDirectory),
    settings: input.drift ?? {},
    metrics,
    logger,
  });
  const server = cleanup.use(
    await serveScoring({
      engine: await collecting(input, {
        engine: observeEngine(engine, drift),
        metrics,
        logger,
        cleanup,
        service: model.name,
      }),
      host: input.host ?? '127.0.0.1',
      port: input.port ?? 0,
      logger,
      metrics,
      title: model.name,
      page: input.page ?? true,
      ...(input.grpcPort === undefined ? {} : { grpcPort: input.grpcPort }),
    }),
  );
  const closing = cleanup.move();
  return {
    url: server.url,
    scoringUri: `${server.url}/score`,
    port: server.port,
    ...(server.grpcPort === undefined ? {} : { grpcPort: server.grpcPort }),
    description,
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

async function startEngine(served: ServedModel, log: Logger, signal: AbortSignal | undefined): Promise<Engine> {
  const { createEngine, declaredSettings } = await import('@edgewright/engine');
  const { model, modelDirectory, backend, executionProviders, entryScript, declared } = served;
  return await createEngine({
    models: [model],
    modelDirectory,
    backend,
    ...(executionProviders === undefined ? {} : { executionProviders }),
    ...declaredSettings(declared),
    log,
    ...(entryScript === undefined ? {} : { entryScript }),
    ...(signal === undefined ? {} : { signal }),
  });
}

interface CollectingParts {
  readonly engine: Engine;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly cleanup: AsyncDisposableStack;
  readonly service: string;
}

/** The engine, watched by a collector where a folder for it was given. */
async function collecting(
  { collect }: ServeInput,
  { engine, metrics, logger, cleanup, service }: CollectingParts,
): Promise<Engine> {
  if (collect === undefined) return engine;
  const { DataCollector } = await import('@edgewright/collection');
  const folder = path.resolve(collect);
  const owner = { subscription: 'local', resourceGroup: 'local', workspace: 'local', service };
  const collector = cleanup.use(new DataCollector({ host: { owner, stateDirectory: folder }, metrics, logger }));
  await collector.configure({ folder });
  return collector.observing(engine, 'web');
}

async function openLog({ log, logLevel = 'silent' }: ServeInput): Promise<Logger> {
  const { createLogger } = await import('@edgewright/telemetry');
  const destination = log === undefined ? {} : { destination: { write: (line: string) => log(line.trimEnd()) } };
  return createLogger({ level: logLevel, name: 'edgewright-serve', ...destination });
}

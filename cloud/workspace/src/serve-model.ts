import { stat } from 'node:fs/promises';
import path from 'node:path';
import { ContractError, InferenceConfigSchema, modelFormatOf } from '@edgewright/contract';
import type { BackendChoice, EventSink, ExecutionProvider, InferenceConfig } from '@edgewright/contract';
import type { EngineDescription, EngineModel } from '@edgewright/engine';
import type { Logger } from '@edgewright/telemetry';
import { readDocument } from './read-document.ts';
import type { WorkspaceModels } from './workspace-models.ts';

/** Azure ML gives the version 0 to a model that was never registered. */
const UNREGISTERED_VERSION = 0;

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
  /** From which level on `log` gets lines; default `silent`. */
  readonly logLevel?: string | undefined;
  /** Takes lines of the log, JSON objects; default: standard output. */
  readonly log?: ((line: string) => void) | undefined;
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
 * @throws ContractError `FileNotReadable`, `InvalidReference` · ModelsError `ModelNotFound` · EngineError · WebError
 *   `PortInUse`
 */
export async function serveModel(
  input: ServeInput,
  parts: { models: WorkspaceModels; events: EventSink },
): Promise<ModelServer> {
  const { config, directory } = await readConfig(input.inferenceConfig);
  const { warmUp, ...declared } = config;
  const samples = await warmUpOf(warmUp, directory);
  const { model, modelDirectory } = await resolveModel(input.model, parts.models);
  const executionProviders = input.executionProviders ?? config.executionProviders;
  const [{ createEngine, declaredSettings }, { serveScoring }, { createMetrics }] = await Promise.all([
    import('@edgewright/engine'),
    import('@edgewright/web'),
    import('@edgewright/telemetry'),
  ]);
  const logger = await openLog(input);
  parts.events({ stage: 'serve.load', state: 'started', text: `loading ${model.name}` });
  await using cleanup = new AsyncDisposableStack();
  const engine = cleanup.use(
    await createEngine({
      models: [model],
      modelDirectory,
      backend: input.backend ?? config.backend ?? 'auto',
      ...(executionProviders === undefined ? {} : { executionProviders }),
      ...declaredSettings({ ...declared, ...(samples === undefined ? {} : { warmUp: samples }) }),
      log: logger,
      ...(config.entryScript === undefined
        ? {}
        : { entryScript: path.resolve(directory, config.sourceDirectory ?? '.', config.entryScript) }),
      ...(input.signal === undefined ? {} : { signal: input.signal }),
    }),
  );
  const description = engine.describe();
  parts.events({
    stage: 'serve.load',
    state: 'done',
    text: `loaded ${model.name} on the backend ${description.backend}: ${description.backendReason}`,
  });
  const metrics = createMetrics({ prefix: 'edgewright' });
  const server = cleanup.use(
    await serveScoring({
      engine,
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

async function openLog({ log, logLevel = 'silent' }: ServeInput): Promise<Logger> {
  const { createLogger } = await import('@edgewright/telemetry');
  const destination = log === undefined ? {} : { destination: { write: (line: string) => log(line.trimEnd()) } };
  return createLogger({ level: logLevel, name: 'edgewright-serve', ...destination });
}

async function readConfig(file: string | undefined): Promise<{ config: InferenceConfig; directory: string }> {
  if (file === undefined) return { config: {}, directory: '.' };
  const config = await readDocument(InferenceConfigSchema, file, 'the inference configuration');
  return { config, directory: path.dirname(path.resolve(file)) };
}

async function warmUpOf(file: string | undefined, directory: string): Promise<readonly unknown[] | undefined> {
  if (file === undefined) return undefined;
  const { readWarmUp } = await import('@edgewright/packager');
  return await readWarmUp(file, directory);
}

/** A file of that name wins; what cannot be a file's name or is not there is looked up in the registry. */
async function resolveModel(
  text: string,
  models: WorkspaceModels,
): Promise<{ model: EngineModel; modelDirectory: string }> {
  const file = path.resolve(text);
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() === true) {
    const model: EngineModel = {
      name: nameOf(file),
      version: UNREGISTERED_VERSION,
      path: file,
      format: modelFormatOf(file),
    };
    return { model, modelDirectory: path.dirname(file) };
  }
  if (/[\\/]/.test(text) || modelFormatOf(text) !== 'other') {
    throw new ContractError(
      'FileNotReadable',
      `cannot read the model "${text}": ${found === undefined ? 'there is no such file' : 'it is not a file'}`,
      {
        details: { path: file },
      },
    );
  }
  const registered = await models.show(text);
  const modelDirectory = await models.directoryOf(registered);
  const { name, version, format, mainFile, files } = registered;
  const main = mainFile ?? files[0]?.path ?? '';
  return { model: { name, version, format, path: path.join(modelDirectory, main) }, modelDirectory };
}

/** What a model file is called after: itself, or its folder where all such files have the same name. */
function nameOf(file: string): string {
  const { name, base, dir } = path.parse(file);
  if (modelFormatOf(file) === 'tfjs') return path.basename(dir) || name;
  return base.replace(/\.remote\.json$/i, '').replace(/\.[^.]+$/, '');
}

import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { FromWorker, RunBatchNodeOptions, ToWorker } from '@edgewright/batch';
import { declaredSettings, endWithHost } from '@edgewright/engine';
import { createLogger } from '@edgewright/telemetry';
import type { Logger } from '@edgewright/telemetry';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { imageModels } from './open-models.ts';
import { readScoringConfig } from './read-scoring-config.ts';
import { readScorerEnvironment } from './scorer-environment.ts';
import type { ScorerEnvironment } from './scorer-environment.ts';
import { ScorerError } from './scorer-error.ts';

/** What the command sees of its process. */
export interface BatchCommand {
  /** What stands behind `batch`. */
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The scorer's program, which its workers run too. */
  readonly program: string;
  readonly processId: number;
  readonly signal: AbortSignal;
  /** To whoever started this process, and from there. */
  readonly send: (message: FromWorker) => void;
  readonly receive: (take: (message: unknown) => void) => void;
}

/**
 * `batch run --job PLACE [--shard I/N]`: a node of a batch job, by default the one that Kubernetes numbers with
 * `JOB_COMPLETION_INDEX`; `batch worker`: a process of it.
 *
 * @returns the exit code: 0 when the node has done its share, 1 when the job failed or was cancelled
 */
export async function runBatchCommand(command: BatchCommand): Promise<number> {
  const [verb] = command.words;
  // the other hosts do without it
  const { runBatchNode, runBatchWorker } = await import('@edgewright/batch');
  if (verb === 'worker') {
    endWithHost();
    await runBatchWorker({
      send: command.send,
      receive: (take) => command.receive((message) => take(message as ToWorker)),
    });
    return exitCodes.stopped;
  }
  let logger = createLogger({ level: 'info', name: 'batch' });
  try {
    if (verb !== 'run') throw wrong(`"batch ${verb ?? ''}" is not known: expected batch run or batch worker`);
    const environment = readScorerEnvironment(command.environment);
    logger = createLogger({ level: environment.logLevel, name: 'batch' });
    const end = await runBatchNode(await nodeOptions(command, environment, logger));
    return end === 'Completed' ? exitCodes.stopped : exitCodes.failed;
  } catch (err) {
    const exitCode = exitCodeOf(err);
    logger.fatal({ err, exitCode }, 'the batch ends');
    return exitCode;
  }
}

async function nodeOptions(
  { words, environment: variables, program, processId, signal }: BatchCommand,
  environment: ScorerEnvironment,
  logger: Logger,
): Promise<RunBatchNodeOptions> {
  const config = await readScoringConfig(environment.appRoot);
  const { backend, executionProviders } = config;
  // the node says how many workers there are, and joins rows itself
  const { workers, batching: _none, ...settings } = environment.engine;
  const { warmUp: _warmUp, batching: _batching, ...declared } = config;
  return {
    place: flag(words, '--job') ?? variables['EDGEWRIGHT_BATCH_JOB'] ?? missing('--job', 'EDGEWRIGHT_BATCH_JOB'),
    shard: readShard(flag(words, '--shard'), variables),
    access: {
      connectionString: given(variables['AZURE_STORAGE_CONNECTION_STRING']),
      sasToken: given(variables['AZURE_STORAGE_SAS_TOKEN']),
      accountKey: given(variables['AZURE_STORAGE_KEY']),
    },
    engine: {
      ...imageModels(config, environment),
      ...declaredSettings(declared),
      ...(config.entryScript === undefined ? {} : { entryScript: path.join(environment.appRoot, config.entryScript) }),
      backend,
      ...(executionProviders === undefined ? {} : { executionProviders }),
      ...settings,
    },
    start: { program, arguments: ['batch', 'worker'], environment: variables },
    processors: workers ?? availableParallelism(),
    processId,
    logger,
    signal,
  };
}

/** `I/N`, or Kubernetes' index of an Indexed Job beside `EDGEWRIGHT_BATCH_SHARDS`; else the only one. */
function readShard(text: string | undefined, variables: BatchCommand['environment']): RunBatchNodeOptions['shard'] {
  const index = given(variables['JOB_COMPLETION_INDEX']);
  const shards = given(variables['EDGEWRIGHT_BATCH_SHARDS']);
  const written = text ?? (shards === undefined ? '0/1' : `${index ?? '0'}/${shards}`);
  const [, i = '', n = ''] = /^(\d+)\/(\d+)$/.exec(written) ?? [];
  if (n !== '' && Number(i) < Number(n)) return { index: Number(i), count: Number(n) };
  throw wrong(`the shard is "${written}": expected INDEX/COUNT, such as 0/4, in --shard, or JOB_COMPLETION_INDEX and EDGEWRIGHT_BATCH_SHARDS`); // prettier-ignore
}

function flag(words: readonly string[], name: string): string | undefined {
  const at = words.indexOf(name);
  return at === -1 ? undefined : words[at + 1];
}

function given(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function missing(name: string, variable: string): never {
  throw wrong(`it is not said which job to run: give ${name} PLACE, or set ${variable}`);
}

function wrong(message: string): ScorerError {
  return new ScorerError('EnvironmentInvalid', message);
}

import { availableParallelism } from 'node:os';
import type { EngineDescription, ExecutionDescription } from './engine.ts';
import type { EngineLogger } from './engine-logger.ts';
import { defaultLimits } from './engine-options.ts';
import type { EngineLimits, EngineOptions } from './engine-options.ts';
import { chooseExecution } from './execution/choose-execution.ts';
import type { ChosenExecution } from './execution/choose-execution.ts';
import { Dispatcher } from './execution/dispatcher.ts';
import { InlineLane } from './execution/inline-lane.ts';
import { canBatch } from './execution/micro-batching.ts';
import { modelNames } from './model-names.ts';
import { ScoringEngine } from './scoring-engine.ts';
import { warmUp } from './warm-up.ts';
import { openScoringUnit } from './scoring/scoring-unit.ts';
import type { UnitConfig, UnitDescription } from './scoring/unit-config.ts';
import { unguarded } from './worker/native-gate.ts';
import { startProcess } from './worker/start-process.ts';
import { startThread } from './worker/start-thread.ts';
import { WorkerLane } from './worker/worker-lane.ts';
import { WorkerPool } from './worker/worker-pool.ts';
import { workerProgram } from './worker/worker-program.ts';

/** The options with every default in its place. */
interface Settings {
  readonly options: EngineOptions;
  readonly config: UnitConfig;
  readonly limits: EngineLimits;
  readonly workers: number;
  readonly log: EngineLogger;
  readonly dispatcher: Dispatcher;
}

interface Started {
  readonly unit: UnitDescription;
  readonly execution: ExecutionDescription;
  readonly release: () => Promise<void>;
}

const silent: EngineLogger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/**
 * Loads the models, starts the workers, runs `init()` and warms up.
 *
 * @throws EngineError `BackendUnavailable`, `ModelNotLoadable`, `EntryScriptNotLoadable`, `WorkerLost`,
 *   `WarmUpFailed`; what `signal.reason` is, when the signal fires first
 */
export async function startEngine(options: EngineOptions): Promise<ScoringEngine> {
  options.signal?.throwIfAborted();
  const settings = settle(options);
  const { unit, execution, release } = await start(settings);
  if (options.signal?.aborted === true) {
    await release();
    options.signal.throwIfAborted();
  }
  const batched = startBatching(settings, unit);
  const description: EngineDescription = {
    ...unit,
    execution,
    batched,
    entryScript: options.entryScript !== undefined,
  };
  const { backend, backendReason } = description;
  const models = modelNames(unit.models);
  settings.log.info(
    { event: 'engine.started', backend, backendReason, execution, models },
    `scoring ${models.join(', ')} with ${backend} (${backendReason}), ${execution.mode} (${execution.reason})`,
  );
  const engine = new ScoringEngine({ description, dispatcher: settings.dispatcher, limits: settings.limits, release });
  try {
    await warmUp(engine, options);
  } catch (error) {
    await engine[Symbol.asyncDispose]();
    throw error;
  }
  return engine;
}

/** @returns the models of which requests are joined */
function startBatching({ options: { batching }, dispatcher, log }: Settings, unit: UnitDescription): readonly string[] {
  if (batching === undefined) return [];
  const batched = unit.models.filter(({ signature }) => canBatch(signature)).map(({ name }) => name);
  dispatcher.batch(batching, new Set(batched));
  const others = unit.models.map(({ name }) => name).filter((name) => !batched.includes(name));
  if (others.length > 0) {
    log.warn(
      { event: 'engine.batching.off', models: others },
      `requests to ${others.join(', ')} are not joined: not every input and output has a free first dimension`,
    );
  }
  return batched;
}

function settle(options: EngineOptions): Settings {
  const maxSize = options.batching?.maxSize ?? 1;
  if (!Number.isSafeInteger(maxSize) || maxSize < 1)
    throw new RangeError(`batching.maxSize is ${maxSize}, not a whole number from 1`);
  if (options.models.length === 0) throw new RangeError('an engine needs at least one model');
  const limits = { ...defaultLimits, ...options.limits };
  const workers = options.workers ?? 1;
  return {
    options,
    limits,
    workers,
    log: options.log ?? silent,
    dispatcher: new Dispatcher(limits),
    config: {
      models: options.models,
      modelDirectory: options.modelDirectory,
      backend: options.backend,
      ...(options.executionProviders === undefined ? {} : { executionProviders: options.executionProviders }),
      threads: options.threads ?? Math.max(1, Math.floor(availableParallelism() / workers)),
      tensorElements: limits.tensorElements,
      imagePixels: limits.imagePixels,
      ...(options.images === undefined ? {} : { images: options.images }),
      ...(options.entryScript === undefined ? {} : { entryScript: options.entryScript }),
      ...(options.scriptSurroundings === undefined ? {} : { scriptSurroundings: options.scriptSurroundings }),
    },
  };
}

async function start(settings: Settings): Promise<Started> {
  const { workers, config } = settings;
  const asked = wantedMode(settings.options);
  if (asked?.mode === 'inline') return startInline(settings, asked);
  const pool = new WorkerPool({
    size: workers,
    program: settings.options.workerProgram ?? workerProgram(),
    config,
    limits: settings.limits,
    log: settings.log,
    dispatcher: settings.dispatcher,
    start: asked?.mode === 'process' ? startProcess : startThread,
  });
  try {
    const { description, first } = await pool.open();
    const chosen = asked ?? (await chooseExecution(first, description.models, availableParallelism()));
    if (chosen.mode === 'inline') {
      await pool[Symbol.asyncDispose]();
      return await startInline(settings, chosen);
    }
    pool.addLanes();
    return {
      unit: description,
      execution: { ...chosen, workers, threads: config.threads },
      release: () => pool[Symbol.asyncDispose](),
    };
  } catch (error) {
    await pool[Symbol.asyncDispose]();
    throw error;
  }
}

/** The mode that is known before anything is measured. */
function wantedMode({ execution = 'auto', entryScript }: EngineOptions): ChosenExecution | undefined {
  if (execution !== 'auto') return { mode: execution, reason: 'asked for' };
  if (entryScript === undefined) return undefined;
  return { mode: 'process', reason: 'only a process can be ended whatever an entry script does' };
}

async function startInline(settings: Settings, { inlineElements, ...chosen }: ChosenExecution): Promise<Started> {
  const { options, config, log, dispatcher } = settings;
  // a run that costs less than a hop gains nothing from a second thread, and that would spin for a while after each run
  const threads = inlineElements === undefined ? config.threads : (options.threads ?? 1);
  const unit = await openScoringUnit({ ...config, threads }, { log, guard: unguarded });
  const { backend } = unit.description;
  const openWorker = () => openLargeWorker({ ...settings, config: { ...config, backend } });
  const lane = new InlineLane({
    unit,
    ...(inlineElements === undefined ? {} : { large: { elements: inlineElements, openWorker } }),
  });
  dispatcher.addLane(lane);
  return {
    unit: unit.description,
    execution: { ...chosen, workers: 0, threads },
    release: () => lane[Symbol.asyncDispose](),
  };
}

async function openLargeWorker({ options, config, limits, log }: Settings): Promise<WorkerLane> {
  log.info({ event: 'engine.worker.large' }, 'a request is too large to run inline: a worker is started for such');
  const lane = new WorkerLane({
    number: 1,
    program: options.workerProgram ?? workerProgram(),
    config,
    memoryMb: limits.workerMemoryMb,
    startMs: limits.startMs,
    log,
    start: startThread,
    onEnd: (_lane, how) =>
      log.warn({ event: 'engine.worker.lost', how }, `the worker for large requests is gone: ${how}`),
  });
  await lane.open();
  return lane;
}

import type { Backend as BackendChoice } from '@edgewright/contract';
import { elementCount, zeros } from '../array-of.ts';
import type { Session } from '../backends/backend.ts';
import { chooseBackend } from '../backends/choose-backend.ts';
import { backendList } from '../backends/list.ts';
import { EngineError } from '../engine-error.ts';
import type { BackendName, EngineLogger, LoadedModel } from '../engine.ts';
import type { EngineModel } from '../engine-options.ts';
import type { EntryScript, ScriptModel } from '../entry/entry-script.ts';
import { loadEntryScript } from '../entry/load-entry-script.ts';
import { runEntryScript } from '../entry/run-entry-script.ts';
import type { NamedTensors } from '../tensor.ts';
import type { NativeGuard } from '../worker/native-gate.ts';
import { checkInputs } from './check-inputs.ts';
import type { Job, JobOutput, JobRequest } from './job.ts';

/** What a unit loads. Crosses threads, so it is plain data. */
export interface UnitConfig {
  readonly models: readonly EngineModel[];
  readonly entryScript?: string;
  readonly modelDirectory: string;
  readonly backend: BackendChoice;
  readonly threads: number;
  readonly tensorElements: number;
}

/** What a unit found out while it loaded. Plain data. */
export interface UnitDescription {
  readonly models: readonly LoadedModel[];
  readonly backend: BackendName;
  readonly backendReason: string;
}

/** Models and entry script, loaded on one thread: what scores, wherever that thread is. */
export interface ScoringUnit extends AsyncDisposable {
  readonly description: UnitDescription;
  run(job: Job, request: JobRequest, cancelled: AbortSignal): Promise<JobOutput>;
}

/** What a unit finds where it is. */
export interface UnitSurroundings {
  readonly log: EngineLogger;
  readonly guard: NativeGuard;
}

interface LoadedSession {
  readonly model: EngineModel;
  readonly session: Session;
}

/**
 * Loads models and entry script on this thread and warms them up.
 *
 * @throws EngineError `BackendUnavailable`, `ModelNotLoadable`, `EntryScriptNotLoadable`
 */
export async function openScoringUnit(config: UnitConfig, { log, guard }: UnitSurroundings): Promise<ScoringUnit> {
  const { backend, reason } = await chooseBackend(config.backend, config.models, backendList);
  const sessions = new Map<string, LoadedSession>();
  const release = async (): Promise<void> => {
    await Promise.all([...sessions.values()].map(({ session }) => session.release()));
  };
  try {
    for (const model of config.models) {
      const load = () => backend.load(model, { threads: config.threads });
      const session = backend.native ? guardSession(await guard(load), guard) : await load();
      sessions.set(model.name, { model, session });
      noteLeftOut(model, session, log);
      await warmUp(model, session, log);
    }
    const script = await openScript(config, sessions, log);
    return {
      description: {
        models: [...sessions.values()].map(({ model: { name, version }, session: { signature } }) => ({
          name,
          version,
          signature,
        })),
        backend: backend.name,
        backendReason: reason,
      },
      run: async (job, request, cancelled) => {
        if (job.kind === 'model') return { outputs: await sessionOf(sessions, job.model).session.run(job.inputs) };
        if (script === undefined) throw new TypeError('a unit without an entry script was given a script job');
        return { value: await runEntryScript(script, job.data, { ...request, cancelled }) };
      },
      [Symbol.asyncDispose]: release,
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Zeros that fit a model: free dimensions are 1. */
export function zeroInputs(signature: LoadedModel['signature']): NamedTensors {
  return Object.fromEntries(
    signature.inputs.map(({ name, datatype, shape }) => {
      const fixed = shape.map((dimension) => (dimension === -1 ? 1 : dimension));
      return [name, { datatype, shape: fixed, data: zeros(datatype, elementCount(fixed)) }];
    }),
  );
}

function guardSession(session: Session, guard: NativeGuard): Session {
  return {
    signature: session.signature,
    leftOut: session.leftOut,
    run: (inputs) => guard(() => session.run(inputs)),
    release: () => guard(() => session.release()),
  };
}

function noteLeftOut(model: EngineModel, session: Session, log: EngineLogger): void {
  if (session.leftOut.length === 0) return;
  const names = session.leftOut.join(', ');
  log.warn(
    { event: 'engine.output.leftOut', model: model.name, version: model.version, outputs: session.leftOut },
    `${model.name}:${model.version} has outputs that are sequences or maps and are not handed out: ${names}; skl2onnx leaves them plain with zipmap=False`,
  );
}

/** The first run allocates and optimises; a request should not pay for that. Zeros may not suit a model: then it stays cold. */
async function warmUp(model: EngineModel, session: Session, log: EngineLogger): Promise<void> {
  try {
    await session.run(zeroInputs(session.signature));
  } catch (error) {
    const reason = error instanceof EngineError ? error.message : String(error);
    log.warn(
      { event: 'engine.warmUp.skipped', model: model.name, version: model.version, reason },
      `${model.name}:${model.version} does not run on zeros and was not warmed up: ${reason}`,
    );
  }
}

async function openScript(
  config: UnitConfig,
  sessions: ReadonlyMap<string, LoadedSession>,
  log: EngineLogger,
): Promise<EntryScript | undefined> {
  if (config.entryScript === undefined) return undefined;
  const names = [...sessions.keys()];
  const models = new Map(names.map((name) => [name, scriptModel(sessionOf(sessions, name), config.tensorElements)]));
  const [first] = models.values();
  return loadEntryScript(config.entryScript, {
    modelDirectory: config.modelDirectory,
    log,
    models: {
      names,
      get: (name) => {
        const model = name === undefined && models.size === 1 ? first : models.get(name ?? '');
        if (model !== undefined) return model;
        throw new RangeError(
          name === undefined
            ? `there are several models, name one: ${names.join(', ')}`
            : `there is no model "${name}"; there is ${names.join(', ')}`,
        );
      },
    },
  });
}

function scriptModel({ model, session }: LoadedSession, maxElements: number): ScriptModel {
  return {
    name: model.name,
    version: model.version,
    path: model.path,
    signature: session.signature,
    run: async (inputs) => {
      checkInputs({ model: `${model.name}:${model.version}`, signature: session.signature, maxElements }, inputs);
      return session.run(inputs);
    },
  };
}

function sessionOf(sessions: ReadonlyMap<string, LoadedSession>, name: string): LoadedSession {
  const found = sessions.get(name);
  if (found === undefined) throw new RangeError(`there is no model "${name}"; there is ${[...sessions.keys()].join(', ')}`); // prettier-ignore
  return found;
}

import type { Backend, Session } from '../backends/backend.ts';
import type { ExecutionProvider } from '@edgewright/contract';
import { EngineError } from '../engine-error.ts';
import type { EngineLogger } from '../engine-logger.ts';
import type { EngineModel } from '../engine-options.ts';
import type { NativeGuard } from '../worker/native-gate.ts';
import { zeroInputs } from './zero-inputs.ts';

/** A model that is ready to run. */
export interface LoadedSession {
  readonly model: EngineModel;
  readonly session: Session;
}

export interface OpenSessionsOptions {
  readonly backend: Backend;
  readonly models: readonly EngineModel[];
  readonly threads: number;
  readonly executionProviders?: readonly ExecutionProvider[];
  readonly log: EngineLogger;
  readonly guard: NativeGuard;
}

/** The models of a unit by name. Whoever opened them closes them. */
export class Sessions implements AsyncDisposable {
  readonly #byName = new Map<string, LoadedSession>();

  get all(): readonly LoadedSession[] {
    return [...this.#byName.values()];
  }

  add(loaded: LoadedSession): void {
    this.#byName.set(loaded.model.name, loaded);
  }

  get(name: string): LoadedSession {
    const found = this.#byName.get(name);
    if (found !== undefined) return found;
    throw new RangeError(`there is no model "${name}"; there is ${[...this.#byName.keys()].join(', ')}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map(({ session }) => session.release()));
  }
}

/**
 * Loads models and warms them up.
 *
 * @throws EngineError `ModelNotLoadable`; what was loaded until then is released
 */
export async function openSessions(options: OpenSessionsOptions): Promise<Sessions> {
  const { backend, models, log, guard } = options;
  const sessions = new Sessions();
  try {
    for (const model of models) {
      const load = () => backend.load(model, options);
      const session = backend.native ? guardSession(await guard(load), guard) : await load();
      sessions.add({ model, session });
      noteLeftOut(model, session, log);
      await warmUp(model, session, log);
    }
    return sessions;
  } catch (error) {
    await sessions[Symbol.asyncDispose]();
    throw error;
  }
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

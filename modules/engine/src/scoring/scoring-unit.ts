import { chooseBackend } from '../backends/choose-backend.ts';
import { backendList } from '../backends/list.ts';
import type { EngineLogger } from '../engine-logger.ts';
import { openEntryScript } from '../entry/open-entry-script.ts';
import { runEntryScript } from '../entry/run-entry-script.ts';
import type { NativeGuard } from '../worker/native-gate.ts';
import { openImageScorer } from '../images/image-scorer.ts';
import { jsonSchemaOf } from '../schema/json-schema.ts';
import type { LoadedScript } from '../entry/load-entry-script.ts';
import type { MadeAnswer } from '../entry/make-answer.ts';
import type { NamedTensors } from '../tensor.ts';
import type { Job, JobRequest } from './job.ts';
import { openSessions } from './open-sessions.ts';
import type { ScriptDescription } from '../entry/script-description.ts';
import type { UnitConfig, UnitDescription } from './unit-config.ts';

/** What a unit gives: as a job does, but the body of an answer may still have to be read from the script. */
export type UnitOutput =
  | { readonly value: unknown }
  | { readonly outputs: NamedTensors }
  | { readonly made: MadeAnswer };

/** Models and entry script, loaded on one thread: what scores, wherever that thread is. */
export interface ScoringUnit extends AsyncDisposable {
  readonly description: UnitDescription;
  run(job: Job, request: JobRequest, cancelled: AbortSignal): Promise<UnitOutput>;
}

/** What a unit finds where it is. */
export interface UnitSurroundings {
  readonly log: EngineLogger;
  readonly guard: NativeGuard;
}

/**
 * Loads models and entry script on this thread and warms them up.
 *
 * @throws EngineError `BackendUnavailable`, `ModelNotLoadable`, `EntryScriptNotLoadable`, `ImageSettingsInvalid`,
 *   `ImagesUnavailable`
 */
export async function openScoringUnit(config: UnitConfig, { log, guard }: UnitSurroundings): Promise<ScoringUnit> {
  const { models } = config;
  const { backend, reason } = await chooseBackend(config, backendList);
  const sessions = await openSessions({ ...config, backend, models, log, guard });
  try {
    const script = await openEntryScript(config, sessions, log);
    const images = script === undefined ? await openImageScorer(config, sessions) : undefined;
    return {
      description: {
        models: sessions.all.map(({ model: { name, version }, session: { signature } }) => ({
          name,
          version,
          signature,
        })),
        backend: backend.name,
        backendReason: reason,
        images: images?.images === true,
        ...(images?.classes === undefined ? {} : { classes: images.classes }),
        ...(script === undefined ? {} : { script: describeScript(script) }),
      },
      run: async (job, request, cancelled) => {
        if (job.kind === 'model') return { outputs: await sessions.get(job.model).session.run(job.inputs) };
        if (job.kind === 'image') return { outputs: (await images?.score(job.bytes)) ?? {} };
        if (script === undefined) throw new TypeError('a unit without an entry script was given a script job');
        return runEntryScript(script, job, { ...request, cancelled, maxElements: config.tensorElements });
      },
      [Symbol.asyncDispose]: () => sessions[Symbol.asyncDispose](),
    };
  } catch (error) {
    await sessions[Symbol.asyncDispose]();
    throw error;
  }
}

function describeScript({ raw, input, output }: LoadedScript): ScriptDescription {
  return {
    raw,
    ...(input === undefined ? {} : { input: jsonSchemaOf(input) }),
    ...(output === undefined ? {} : { output: jsonSchemaOf(output) }),
  };
}

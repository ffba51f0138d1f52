import { checkDocument, ContractError, parseJson } from '@edgewright/contract';
import type { BackendChoice, EngineSettings, EventSink, ExecutionProvider } from '@edgewright/contract';
import type { MeasuredEngine, ModelVariant, Objective, SearchStep, TuneReport } from '@edgewright/tune';
import path from 'node:path';
import { stat } from 'node:fs/promises';
import Type from 'typebox';
import { readTextFile } from './read-document.ts';
import { readServedModel } from './read-served-model.ts';
import type { WorkspaceModels } from './workspace-models.ts';

/** Requests as they are sent to `/score`. */
const SamplesSchema = Type.Array(Type.Unknown(), { minItems: 1, maxItems: 1000, description: 'a list of requests' });

export interface TuneModelInput {
  /** A model file, or a registered model as `NAME` or `NAME:VERSION`. */
  readonly model: string;
  /** An inference configuration file, for its entry script, backend, images, batching and warm-up. */
  readonly inferenceConfig?: string | undefined;
  /** Only these backends are tried; default: all that read the model and run here, unless the inference configuration names one. */
  readonly backend?: BackendChoice | undefined;
  readonly executionProviders?: readonly ExecutionProvider[] | undefined;
  /** Other files of the model by name, such as `{ int8: 'model.int8.onnx' }`. */
  readonly variants?: Readonly<Record<string, string>> | undefined;
  /** By how much answers of variants and of other backends may differ, as a share of the largest number in an answer; default 0.01. */
  readonly tolerance?: number | undefined;
  /** A JSON file with a list of requests as `/score` takes them; default: the `warmUp` of the inference configuration, else made by chance. */
  readonly samples?: string | undefined;
  /** What it is served with now, which the rest is compared with; default: nothing beside the inference configuration. */
  readonly settings?: EngineSettings | undefined;
  readonly maxP99Ms?: number | undefined;
  readonly maxMemoryBytes?: number | undefined;
  /** Requests that come at once; default 8. */
  readonly concurrency?: number | undefined;
  /** Requests a second, in place of `concurrency`. */
  readonly ratePerSecond?: number | undefined;
  readonly objective?: Objective | undefined;
  /** How long it may take, roughly; default 60 000. */
  readonly budgetMs?: number | undefined;
  readonly seed?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Finds out how a model runs best on this machine.
 *
 * @throws TuneError · ContractError `FileNotReadable`, `InvalidReference` · ModelsError `ModelNotFound`
 */
export async function tuneModel(
  input: TuneModelInput,
  parts: { models: WorkspaceModels; events: EventSink },
): Promise<TuneReport> {
  const served = await readServedModel(input, parts.models);
  const [{ tune }, { declaredSettings }] = await Promise.all([
    import('@edgewright/tune'),
    import('@edgewright/engine'),
  ]);
  const { batching, images, warmUp } = declaredSettings(served.declared);
  const engine: MeasuredEngine = {
    models: [served.model],
    modelDirectory: served.modelDirectory,
    backend: served.backend,
    ...(served.executionProviders === undefined ? {} : { executionProviders: served.executionProviders }),
    ...(batching === undefined ? {} : { batching }),
    ...(images === undefined ? {} : { images }),
    ...(served.entryScript === undefined ? {} : { entryScript: served.entryScript }),
  };
  const samples = input.samples === undefined ? warmUp : await readSamples(input.samples);
  const { concurrency, ratePerSecond, maxP99Ms, maxMemoryBytes } = input;
  parts.events({ stage: 'tune', state: 'started', text: `tuning ${served.model.name}` });
  const report = await tune({
    engine,
    ...given({
      settings: input.settings,
      objective: input.objective,
      tolerance: input.tolerance,
      signal: input.signal,
    }),
    ...given({ budgetMs: input.budgetMs, seed: input.seed }),
    ...(samples === undefined ? {} : { samples }),
    variants: await Promise.all(Object.entries(input.variants ?? {}).map(readVariant)),
    load: given({ concurrency, rate: ratePerSecond }),
    bounds: given({ maxP99Ms, maxMemoryBytes }),
    onStep: (step) => parts.events(eventOf(step)),
  });
  const text = `looked at ${report.lookedAt} of ${report.of} ways to run ${report.model} in ${(report.tookMs / 1000).toFixed(0)} s`;
  parts.events({ stage: 'tune', state: 'done', text });
  return report;
}

/** What is not undefined. */
function given<Values extends object>(values: Values): { [Name in keyof Values]?: Exclude<Values[Name], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof Values]?: Exclude<Values[Name], undefined> };
}

async function readSamples(file: string): Promise<readonly unknown[]> {
  return checkDocument(SamplesSchema, parseJson(await readTextFile(file, 'the samples'), file), file);
}

async function readVariant([name, file]: readonly [string, string]): Promise<ModelVariant> {
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() === true) return { name, path: path.resolve(file) };
  throw new ContractError(
    'FileNotReadable',
    `cannot read the variant ${name} "${file}": ${found === undefined ? 'there is no such file' : 'it is not a file'}`,
    { details: { path: file } },
  );
}

function eventOf({ round, rounds, done, of, candidate, outcome }: SearchStep): Parameters<EventSink>[0] {
  const found = 'figures' in outcome ? `${outcome.figures.throughput.toFixed(0)}/s` : 'failed';
  return {
    stage: 'tune.measure',
    state: 'progress',
    text: `round ${round} of ${rounds}: ${candidate.name}: ${found}`,
    completed: done + 1,
    total: of,
    data: { round, rounds, way: candidate.name, ...outcome },
  };
}

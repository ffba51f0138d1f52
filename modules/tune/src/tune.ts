import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os';
import { modelFormatOf } from '@edgewright/contract';
import type { EngineSettings } from '@edgewright/contract';
import type { EngineReport } from '@edgewright/engine';
import { findEnergyMeter } from './energy/energy-meter.ts';
import { CandidateMeter } from './measure/candidate-meter.ts';
import { diagnoseInProcess } from './measure/measure-in-process.ts';
import type { Load, MeasuredEngine } from './measure/measure-job.ts';
import { measureProgram } from './measure/measure-program.ts';
import { defaultCandidate, REFERENCE_VARIANT } from './search/candidate.ts';
import { violationOf } from './search/figures.ts';
import type { Bounds, Objective } from './search/figures.ts';
import { listCandidates } from './search/list-candidates.ts';
import type { SearchSpace } from './search/list-candidates.ts';
import { search } from './search/search.ts';
import type { CandidateReport, SearchResult, SearchStep } from './search/search.ts';
import type { TunedMachine, TunedWay, TuneReport } from './report/tune-report.ts';
import { TuneError } from './tune-error.ts';

/** Another file of the same model, such as one of lower precision. */
export interface ModelVariant {
  /** `int8`, `fp16` … */
  readonly name: string;
  /** An absolute path. */
  readonly path: string;
}

export interface TuneOptions {
  /** What the model is served as, without `settings`. */
  readonly engine: MeasuredEngine;
  /** What it is served with now; what is found is compared with that. Default: none. */
  readonly settings?: EngineSettings;
  /** Other files of the first model. Only with a tolerance that their answers keep to are they taken. */
  readonly variants?: readonly ModelVariant[];
  /** By how much answers of variants and other backends may differ, as a share of the largest number. Default 0.01. */
  readonly tolerance?: number;
  /** Requests as they are sent to `/score`, at most 1000; an entry script needs them. Default: made by chance from the signature. */
  readonly samples?: readonly unknown[];
  readonly load?: Partial<Load>;
  readonly bounds?: Bounds;
  readonly objective?: Objective;
  /** How long it may take, roughly, in milliseconds; default 60 000. */
  readonly budgetMs?: number;
  /** Default 1. */
  readonly seed?: number;
  /** Lets everything else on the machine go first. */
  readonly isLowPriority?: boolean;
  readonly onStep?: (step: SearchStep) => void;
  readonly signal?: AbortSignal;
  /** The program of a candidate's process; default: beside this file. */
  readonly program?: URL;
  /** Where the kernel's files are, for what the machine uses; default `/sys`. */
  readonly sysfs?: string;
}

export const DEFAULT_TUNE = { concurrency: 8, budgetMs: 60_000, tolerance: 0.01, seed: 1 } as const;

/** Providers are tried with a model each; drivers may take their time. */
const DIAGNOSIS_MS = 120_000;
/** Requests that come at once when they come by a rate, as far as the choice of ways to try goes. */
const CONCURRENCY_OF_A_RATE = 64;

/**
 * Finds out how a model runs best on this machine: see {@link search}. Each candidate is measured in a process of its own.
 *
 * @throws TuneError `TuneInputInvalid`, `DefaultNotMeasurable`; what `signal.reason` is, when the signal fires
 */
export async function tune(options: TuneOptions): Promise<TuneReport> {
  const begun = performance.now();
  const { engine, settings = {}, bounds = {}, seed = DEFAULT_TUNE.seed, budgetMs = DEFAULT_TUNE.budgetMs } = options;
  const load: Load = { ...options.load, concurrency: options.load?.concurrency ?? DEFAULT_TUNE.concurrency };
  const objective = options.objective ?? (load.rate === undefined ? 'throughput' : 'latency');
  const signal = options.signal ?? new AbortController().signal;
  checkInput(options);
  const energy = await findEnergyMeter(options.sysfs);
  if (objective === 'energy' && energy === undefined) {
    throw new TuneError('TuneInputInvalid', 'cannot tune for energy: this machine does not tell what it uses (no readable RAPL under /sys/class/powercap, no power sensor under /sys/class/hwmon)'); // prettier-ignore
  }
  const program = options.program ?? measureProgram();
  const meter = new CandidateMeter({
    ...options,
    load,
    seed,
    signal,
    energy,
    tolerance: options.tolerance ?? DEFAULT_TUNE.tolerance,
    program,
  });
  const reference = defaultCandidate(settings);
  const first = await meter.look(reference);
  const machine = await diagnose(program, signal);
  const candidates = listCandidates({ ...first.space, ...spaceOf(options, load, machine) });
  const result = await search({
    reference,
    first,
    candidates,
    measure: (candidate, windowMs) => meter.measure(candidate, windowMs),
    bounds,
    objective,
    budgetMs: Math.max(0, budgetMs - (performance.now() - begun)),
    seed,
    now: () => performance.now(),
    ...(options.onStep === undefined ? {} : { onStep: options.onStep }),
  });
  return {
    ...reportOf(result, meter),
    model: engine.models.map(({ name, version }) => `${name}:${version}`).join(', '),
    isDefault: result.best === reference,
    objective,
    load,
    budgetMs,
    tookMs: performance.now() - begun,
    seed,
    of: candidates.length + 1,
    machine: describeMachine(energy?.source),
    at: new Date().toISOString(),
  };
}

type Found = 'schemaVersion' | 'best' | 'reason' | 'gain' | 'noise' | 'bounds' | 'lookedAt' | 'candidates';

function reportOf(result: SearchResult, meter: CandidateMeter): Pick<TuneReport, Found> {
  const { best, reports, reason, gain, noise, bounds } = result;
  const own = reports.find(({ candidate }) => candidate === best);
  return {
    schemaVersion: 1,
    best: own === undefined ? null : wayOf(own, result, meter),
    reason,
    gain: gain ?? null,
    noise,
    bounds,
    lookedAt: reports.filter(({ round }) => round > 0).length,
    candidates: reports.map((report) => wayOf(report, result, meter)),
  };
}

async function diagnose(program: URL, signal: AbortSignal): Promise<EngineReport> {
  const answer = await diagnoseInProcess({ program, signal, timeoutMs: DIAGNOSIS_MS, isLowPriority: false });
  if ('report' in answer) return answer.report;
  throw new TuneError(
    'DefaultNotMeasurable',
    `cannot tune: what this machine can use is not known: ${answer.failure}`,
    {
      details: { reason: answer.failure },
    },
  );
}

function checkInput({ engine, samples, variants = [], load }: TuneOptions): void {
  const refuse = (reason: string, details: Record<string, unknown> = {}): TuneError =>
    new TuneError('TuneInputInvalid', `cannot tune: ${reason}`, { details });
  const [model] = engine.models;
  if (model === undefined) throw refuse('there is no model');
  if (engine.entryScript !== undefined && samples === undefined) {
    throw refuse('an entry script takes requests of its own form, and there are no samples of them; give samples, or a warmUp in the inference configuration'); // prettier-ignore
  }
  if (samples?.length === 0) throw refuse('the list of samples is empty');
  if (load?.rate !== undefined && !(load.rate > 0))
    throw refuse(`the rate is ${load.rate}: expected requests a second, more than 0`);
  const names = [REFERENCE_VARIANT, ...variants.map(({ name }) => name)];
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined)
    throw refuse(`there are two variants "${twice}"; the model itself is "${REFERENCE_VARIANT}"`);
  if (variants.length > 0 && engine.entryScript !== undefined) {
    throw refuse(
      'an entry script opens its models itself, so that variants cannot be put in their place; tune each file without the script',
    );
  }
  if (variants.length > 0 && engine.models.length > 1)
    throw refuse(`variants are those of one model, and there are ${engine.models.length}`);
}

/** What of the search space is known from the machine and the options. */
function spaceOf(
  { engine, settings = {}, variants = [], bounds = {} }: TuneOptions,
  load: Load,
  { backends, executionProviders }: EngineReport,
): Omit<SearchSpace, 'runsInline' | 'canBatch'> {
  const choice = settings.backend ?? engine.backend;
  const wanted = choice === 'auto' ? undefined : [choice].flat();
  const able = backends.filter(({ name, available }) => available && wanted?.includes(name) !== false);
  const readers = (format: string) =>
    able.filter(({ formats }) => formats.some((one) => one === format)).map(({ name }) => name);
  const [model] = engine.models;
  const files = [
    { name: REFERENCE_VARIANT, format: model?.format ?? '' },
    ...variants.map(({ name, path }) => ({ name, format: modelFormatOf(path) })),
  ];
  return {
    variants: files.map(({ name, format }) => ({ name, backends: readers(format) })),
    providers: executionProviders.filter(({ name, available }) => available && name !== 'cpu').map(({ name }) => name),
    processors: availableParallelism(),
    concurrency: load.rate === undefined ? load.concurrency : CONCURRENCY_OF_A_RATE,
    hasEntryScript: engine.entryScript !== undefined,
    batchesByDefault: engine.batching !== undefined,
    maxP99Ms: bounds.maxP99Ms,
  };
}

function wayOf(
  { candidate, figures, failure, round }: CandidateReport,
  { bounds }: SearchResult,
  meter: CandidateMeter,
): TunedWay {
  const { name, variant, settings } = candidate;
  const ran = meter.ranAs(candidate);
  const error = meter.errorOf(candidate);
  return {
    name,
    variant,
    settings,
    ...(ran === undefined ? {} : { ran }),
    ...(figures === undefined ? {} : { figures, holds: violationOf(figures, bounds) === 0 }),
    ...(error === undefined ? {} : { error }),
    ...(failure === undefined ? {} : { failure }),
    round,
  };
}

function describeMachine(energy: string | undefined): TunedMachine {
  const all = cpus();
  return {
    platform: `${platform()} ${arch()}`,
    cpu: all[0]?.model.trim() ?? 'unknown',
    processors: availableParallelism(),
    memoryBytes: totalmem(),
    energy: energy ?? null,
  };
}

import path from 'node:path';
import { modelFormatOf } from '@edgewright/contract';
import type { EnergyMeter } from '../energy/energy-meter.ts';
import { REFERENCE_VARIANT } from '../search/candidate.ts';
import type { Candidate } from '../search/candidate.ts';
import type { Figures } from '../search/figures.ts';
import type { Outcome } from '../search/search.ts';
import type { TunedWay } from '../report/tune-report.ts';
import { TuneError } from '../tune-error.ts';
import { largestError } from './largest-error.ts';
import { measureInProcess } from './measure-in-process.ts';
import type { MeasureFailure, MeasureSuccess } from './measure-in-process.ts';
import type { Load, Measured, MeasuredEngine } from './measure-job.ts';

export interface CandidateMeterOptions {
  readonly engine: MeasuredEngine;
  readonly variants?: readonly { readonly name: string; readonly path: string }[];
  readonly samples?: readonly unknown[];
  readonly load: Load;
  readonly seed: number;
  readonly tolerance: number;
  readonly program: URL;
  readonly isLowPriority?: boolean;
  readonly energy: EnergyMeter | undefined;
  readonly signal: AbortSignal;
}

/** What the first look at the default found. */
export interface FirstLook {
  readonly figures: Figures;
  /** Milliseconds that a measurement takes beside its time under load. */
  readonly overheadMs: number;
  readonly space: { readonly runsInline: boolean; readonly canBatch: boolean };
}

const FIRST_LOOK_MS = 400;
/** Loading a model, the first time from a cold disk. */
const FIRST_TIMEOUT_MS = 180_000;
const LEAST_TIMEOUT_MS = 15_000;
/** A candidate that takes so many times as long as the default did is none. */
const PATIENCE = 6;

/** Measures candidates, each in a process of its own, and holds their answers against those of the default. */
export class CandidateMeter {
  readonly #options: CandidateMeterOptions;
  readonly #ran = new Map<Candidate, NonNullable<TunedWay['ran']>>();
  readonly #errors = new Map<Candidate, number>();
  #answers: Measured['answers'];
  #backend = '';
  #timeoutMs = FIRST_TIMEOUT_MS;

  constructor(options: CandidateMeterOptions) {
    this.#options = options;
  }

  /**
   * Looks at the default: what it costs to measure, and what it answers.
   *
   * @throws TuneError `DefaultNotMeasurable`
   */
  async look(reference: Candidate): Promise<FirstLook> {
    const begun = performance.now();
    const outcome = await this.#run(reference, FIRST_LOOK_MS, true);
    if ('failure' in outcome) {
      throw new TuneError(
        'DefaultNotMeasurable',
        `cannot tune: the model as it is served now cannot be measured: ${outcome.failure}`,
        { details: { reason: outcome.failure } },
      );
    }
    const { measured } = outcome;
    const tookMs = performance.now() - begun;
    this.#answers = measured.answers;
    this.#backend = measured.backend;
    this.#timeoutMs = Math.max(LEAST_TIMEOUT_MS, PATIENCE * tookMs);
    return {
      figures: figuresOf(outcome),
      overheadMs: Math.max(0, tookMs - FIRST_LOOK_MS),
      space: { runsInline: measured.execution.mode === 'inline', canBatch: measured.canBatch },
    };
  }

  async measure(candidate: Candidate, windowMs: number): Promise<Outcome> {
    const isAnother =
      candidate.variant !== REFERENCE_VARIANT || ![this.#backend, undefined].includes(backendOf(candidate));
    const outcome = await this.#run(candidate, windowMs, isAnother && !this.#errors.has(candidate));
    if ('failure' in outcome) return outcome;
    const wrong = this.#compare(candidate, outcome.measured);
    return wrong === undefined ? { figures: figuresOf(outcome) } : { failure: wrong };
  }

  /** Where the engine ran a candidate; undefined when it never did. */
  ranAs(candidate: Candidate): TunedWay['ran'] {
    return this.#ran.get(candidate);
  }

  /** By how much its answers differ from the default's; undefined when they were not compared. */
  errorOf(candidate: Candidate): number | undefined {
    return this.#errors.get(candidate);
  }

  async #run(candidate: Candidate, windowMs: number, wantsAnswers: boolean): Promise<MeasureSuccess | MeasureFailure> {
    const { load, seed, samples, program, energy, signal, isLowPriority = false } = this.#options;
    const outcome = await measureInProcess(
      {
        engine: this.#engineOf(candidate),
        load,
        windowMs,
        seed,
        wantsAnswers,
        ...(samples === undefined ? {} : { samples }),
      },
      { program, timeoutMs: this.#timeoutMs + PATIENCE * windowMs, isLowPriority, meter: energy, signal },
    );
    if ('measured' in outcome) {
      const { backend, execution } = outcome.measured;
      this.#ran.set(candidate, { backend, ...execution });
    }
    return outcome;
  }

  #engineOf({ variant, settings }: Candidate): MeasuredEngine {
    const { engine, variants = [] } = this.#options;
    const file = variants.find(({ name }) => name === variant)?.path;
    const [model] = engine.models;
    if (file === undefined || model === undefined) return { ...engine, ...settings };
    return {
      ...engine,
      ...settings,
      models: [{ ...model, path: file, format: modelFormatOf(file) }],
      modelDirectory: path.dirname(file),
    };
  }

  /** @returns why its answers are not good enough */
  #compare(candidate: Candidate, { answers }: Measured): string | undefined {
    const { tolerance } = this.#options;
    if (answers !== undefined) this.#errors.set(candidate, largestError(this.#answers ?? [], answers));
    const error = this.#errors.get(candidate) ?? 0;
    if (error <= tolerance) return undefined;
    if (!Number.isFinite(error))
      return 'its answers are not of the same form as those of the model itself, or no numbers';
    return `its answers differ from those of the model itself by ${percent(error)}, and ${percent(tolerance)} is the tolerance`;
  }
}

function backendOf({ settings: { backend } }: Candidate): string | undefined {
  return typeof backend === 'string' ? backend : undefined;
}

function figuresOf({ measured, joulesPerRequest }: MeasureSuccess): Figures {
  const { p50Ms, p99Ms, throughput, requests, startMs, rssBytes } = measured;
  return {
    p50Ms,
    p99Ms,
    throughput,
    rssBytes,
    requests,
    startMs,
    ...(joulesPerRequest === undefined ? {} : { joulesPerRequest }),
  };
}

function percent(share: number): string {
  return `${(share * 100).toPrecision(2)} %`;
}

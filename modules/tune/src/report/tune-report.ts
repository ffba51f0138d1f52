import type { EngineSettings } from '@edgewright/contract';
import type { Load } from '../measure/measure-job.ts';
import type { Bounds, Figures, Objective } from '../search/figures.ts';

/** What tuning found, serialisable as JSON. */
export interface TuneReport {
  readonly schemaVersion: 1;
  /** `NAME:VERSION` */
  readonly model: string;
  /** The way that is taken; null when none keeps to the bounds. */
  readonly best: TunedWay | null;
  /** True when the model is best left as it is served. */
  readonly isDefault: boolean;
  /** Why this one, in a sentence. */
  readonly reason: string;
  /** What the best is worth by the objective, as a multiple of the default; 1 when that is the best; null when there is none. */
  readonly gain: number | null;
  /** By how much a gain must exceed 1 to be more than noise. */
  readonly noise: number;
  readonly objective: Objective;
  /** What was kept to; without a bound on the latency that of the default, with some room. */
  readonly bounds: Bounds;
  readonly load: Load;
  readonly budgetMs: number;
  readonly tookMs: number;
  readonly seed: number;
  /** Ways that were looked at, and all that there are: with too little time some are not. */
  readonly lookedAt: number;
  readonly of: number;
  readonly machine: TunedMachine;
  /** ISO 8601 */
  readonly at: string;
  /** The default first, then the best first. */
  readonly candidates: readonly TunedWay[];
}

/** One way to run the model, and what became of it. */
export interface TunedWay {
  readonly name: string;
  /** The model file: `reference`, or the name of a variant. */
  readonly variant: string;
  /** As the desired property `engine`, a deployment configuration and `EDGEWRIGHT_ENGINE` take them. */
  readonly settings: EngineSettings;
  /** Where the engine ran it. */
  readonly ran?: {
    readonly backend: string;
    readonly mode: string;
    readonly workers: number;
    readonly threads: number;
  };
  /** Medians of the last round that it was in. */
  readonly figures?: Figures;
  /** By how much its answers differ from the reference's, as a share; only where model file or backend are others. */
  readonly error?: number;
  /** Why it is out: it did not start, failed on requests, gave other answers. */
  readonly failure?: string;
  /** How far it came; 0: it found no time. */
  readonly round: number;
  /** Whether it keeps to the bounds. */
  readonly holds?: boolean;
}

export interface TunedMachine {
  readonly platform: string;
  readonly cpu: string;
  readonly processors: number;
  readonly memoryBytes: number;
  /** How it tells what it uses; null when it does not. */
  readonly energy: string | null;
}

/**
 * The desired property `engine` that the report comes to, which is also the key of a deployment configuration: null takes it away.
 *
 * @returns undefined when nothing keeps to the bounds
 */
export function engineOf({ best }: TuneReport): EngineSettings | null | undefined {
  if (best === null) return undefined;
  return Object.keys(best.settings).length === 0 ? null : best.settings;
}

import type { EngineOptions, EngineReport } from '@edgewright/engine';

/** How requests come. */
export interface Load {
  /** Callers that each wait for their answer before they ask again. */
  readonly concurrency: number;
  /** Requests a second instead, however long answers take. */
  readonly rate?: number;
}

/** What the engine of a candidate is made of: plain data, because it goes to another process. */
export type MeasuredEngine = Pick<EngineOptions, 'models' | 'modelDirectory' | 'backend'> &
  Partial<
    Pick<
      EngineOptions,
      'batching' | 'entryScript' | 'execution' | 'executionProviders' | 'images' | 'threads' | 'warmUp' | 'workers'
    >
  >;

/** One measurement. */
export interface MeasureJob {
  readonly engine: MeasuredEngine;
  readonly load: Load;
  readonly windowMs: number;
  /** Requests in JSON form, as they are sent to `/score`; without them inputs are made by chance from the model's signature. */
  readonly samples?: readonly unknown[];
  readonly seed: number;
  /** Whether the answers to the samples come back, to be compared with those of others. */
  readonly wantsAnswers: boolean;
}

/** What the process of a candidate found. */
export interface Measured {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly throughput: number;
  readonly requests: number;
  readonly startMs: number;
  readonly rssBytes: number;
  /** For each sample the numbers of its answer. */
  readonly answers?: readonly (readonly number[])[];
  readonly backend: string;
  readonly execution: { readonly mode: string; readonly workers: number; readonly threads: number };
  /** True when requests of the model can be joined. */
  readonly canBatch: boolean;
}

/** What the process is asked for. */
export type MeasureRequest = { readonly kind: 'measure'; readonly job: MeasureJob } | { readonly kind: 'diagnose' };

/** From the process of a candidate to the one that started it. */
export type MeasureMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'loadBegins' }
  | { readonly type: 'loadEnds' }
  | { readonly type: 'measured'; readonly measured: Measured }
  | { readonly type: 'diagnosed'; readonly report: EngineReport }
  | { readonly type: 'failed'; readonly reason: string };

import type { LoadedModel, NamedTensors, Timings } from '@edgewright/engine';

/** How often something happened, and how long it took together. */
export interface Durations {
  count: number;
  /** Nanoseconds, whole. */
  ns: number;
}

/** Statistics of a model as the Open Inference Protocol's statistics extension has them. */
export interface ModelFigures {
  readonly name: string;
  readonly version: string;
  /** Milliseconds since 1970 of the last request that succeeded; 0 before the first. */
  readonly last_inference: number;
  /** Rows: a request with a batch of n counts n times. */
  readonly inference_count: number;
  /** Runs of the model: requests that were joined count once together. */
  readonly execution_count: number;
  readonly inference_stats: Readonly<Record<(typeof PARTS)[number], Durations>>;
  readonly batch_stats: readonly BatchFigures[];
}

/** The runs of one batch size. */
export interface BatchFigures {
  readonly batch_size: number;
  readonly compute_input: Durations;
  readonly compute_infer: Durations;
  readonly compute_output: Durations;
}

/** The cache is Triton's: there is none here, and clients read its figures. */
const PARTS = ['success', 'fail', 'queue', 'compute_input', 'compute_infer', 'compute_output', 'cache_hit', 'cache_miss'] as const; // prettier-ignore
/** Batch sizes that are told apart; further ones are counted in all but `batch_stats`. */
const MAX_BATCH_SIZES = 64;

type Sums = Record<(typeof PARTS)[number], Durations>;
type BatchSums = Pick<Sums, 'compute_input' | 'compute_infer' | 'compute_output'>;

interface Entry {
  lastInference: number;
  rows: number;
  /** Each of n joined requests adds 1/n. */
  runs: number;
  readonly sums: Sums;
  readonly batches: Map<number, BatchSums>;
}

/** One request from its coming in to its answer. */
export interface InferenceClock {
  /** The request is read: it is for this model, with so many rows. What is never read is not counted. */
  read(model: LoadedModel, rows: number): void;
  /** The answer is written. */
  succeeded(timings: Timings): void;
  failed(): void;
}

const zero = (): Durations => ({ count: 0, ns: 0 });

/** Counts what each model did since the start, over both protocols. */
export class ModelStatistics {
  readonly #entries = new Map<string, Entry>();

  /** A request that comes in now. */
  begin(): InferenceClock {
    const start = performance.now();
    let asked: { readonly model: LoadedModel; readonly rows: number; readonly inputMs: number } | undefined;
    return {
      read: (model, rows) => {
        asked = { model, rows, inputMs: performance.now() - start };
      },
      succeeded: (timings) => {
        if (asked === undefined) return;
        const outputMs = Math.max(0, performance.now() - start - asked.inputMs - timings.totalMs);
        this.#add(this.#entry(asked.model), asked.rows, { ...timings, inputMs: asked.inputMs, outputMs });
      },
      failed: () => {
        if (asked !== undefined) add(this.#entry(asked.model).sums.fail, performance.now() - start);
      },
    };
  }

  /** Of the models that are served, those that were never asked included. */
  of(models: readonly LoadedModel[]): ModelFigures[] {
    return models.map((model) => {
      const { lastInference, rows, runs, sums, batches } = this.#entry(model);
      const sizes = [...batches].toSorted(([one], [other]) => one - other);
      return {
        name: model.name,
        version: String(model.version),
        last_inference: lastInference,
        inference_count: rows,
        execution_count: Math.round(runs),
        inference_stats: rounded(sums),
        batch_stats: sizes.map(([size, sums]) => ({ batch_size: size, ...rounded(sums) })),
      };
    });
  }

  #add(entry: Entry, own: number, times: Timings & { readonly inputMs: number; readonly outputMs: number }): void {
    const { requests, rows } = times.joined ?? { requests: 1, rows: own };
    entry.lastInference = Date.now();
    entry.rows += own;
    entry.runs += 1 / requests;
    add(entry.sums.success, times.inputMs + times.totalMs + times.outputMs);
    add(entry.sums.queue, times.queueMs);
    const parts = { compute_input: times.inputMs, compute_infer: times.runMs, compute_output: times.outputMs };
    const batch = batchOf(entry, rows);
    for (const part of ['compute_input', 'compute_infer', 'compute_output'] as const) {
      add(entry.sums[part], parts[part]);
      if (batch !== undefined) add(batch[part], parts[part] / requests, 1 / requests);
    }
  }

  #entry({ name, version }: LoadedModel): Entry {
    const key = `${name}:${version}`;
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const sums = Object.fromEntries(PARTS.map((part) => [part, zero()])) as Sums;
    const entry: Entry = { lastInference: 0, rows: 0, runs: 0, sums, batches: new Map() };
    this.#entries.set(key, entry);
    return entry;
  }
}

/** Rows of the inputs of a model whose first dimension is free; a request to another is one. */
export function rowsOf({ signature }: LoadedModel, inputs: NamedTensors): number {
  const [first] = signature.inputs;
  return first?.shape[0] === -1 ? (inputs[first.name]?.shape[0] ?? 1) : 1;
}

function batchOf({ batches }: Entry, size: number): BatchSums | undefined {
  const known = batches.get(size);
  if (known !== undefined || batches.size >= MAX_BATCH_SIZES) return known;
  const sums: BatchSums = { compute_input: zero(), compute_infer: zero(), compute_output: zero() };
  batches.set(size, sums);
  return sums;
}

function add(sum: Durations, milliseconds: number, count = 1): void {
  sum.count += count;
  sum.ns += milliseconds * 1e6;
}

function rounded<Sums extends object>(sums: Sums): { [Part in keyof Sums]: Durations } {
  const parts = Object.entries(sums as Record<string, Durations>).map(([part, { count, ns }]) => [part, { count: Math.round(count), ns: Math.round(ns) }]); // prettier-ignore
  return Object.fromEntries(parts) as { [Part in keyof Sums]: Durations };
}

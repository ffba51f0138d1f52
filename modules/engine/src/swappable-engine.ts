import { messageOf } from '@edgewright/contract';
import { EngineError } from './engine-error.ts';
import type {
  Engine,
  EngineDescription,
  EngineStats,
  InferRequest,
  InferResult,
  ScoreRequest,
  ScoreResult,
} from './engine.ts';
import type { EngineOptions, SwapOptions } from './engine-options.ts';
import type { DispatcherStats } from './execution/dispatcher.ts';
import { modelNames } from './model-names.ts';
import type { ScoringEngine } from './scoring-engine.ts';
import { startEngine } from './start-engine.ts';

const nothing: DispatcherStats = {
  waiting: 0,
  running: 0,
  completed: 0,
  failed: 0,
  timedOut: 0,
  rejected: 0,
  cancelled: 0,
  workersReplaced: 0,
};

/** An engine whose models can be exchanged while it scores. */
export class SwappableEngine implements Engine {
  readonly #options: EngineOptions;
  #current: ScoringEngine;
  /** Those that still score what they took before others took over. */
  readonly #retiring = new Map<ScoringEngine, Promise<void>>();
  #past = nothing;
  #swaps = 0;
  #swapping: AbortController | undefined;
  #closing: Promise<void> | undefined;

  /** @param options what `current` was started with, and what those that follow it are started with */
  constructor(current: ScoringEngine, options: EngineOptions) {
    this.#current = current;
    this.#options = options;
  }

  score(request: ScoreRequest): Promise<ScoreResult> {
    return this.#current.score(request);
  }

  infer(request: InferRequest): Promise<InferResult> {
    return this.#current.infer(request);
  }

  describe(): EngineDescription {
    return this.#current.describe();
  }

  stats(): EngineStats {
    const parts = [this.#past, ...[...this.#retiring.keys(), this.#current].map((engine) => engine.stats())];
    return { ...parts.reduce(add), swaps: this.#swaps };
  }

  async swap(options: SwapOptions): Promise<EngineDescription> {
    const wanted = modelNames(options.models).join(', ');
    if (this.#closing !== undefined) {
      throw new EngineError('EngineClosed', `cannot swap to ${wanted}: the engine is shutting down`);
    }
    if (this.#swapping !== undefined) {
      throw new EngineError('SwapInProgress', `cannot swap to ${wanted}: another swap is under way; wait for it`);
    }
    this.#swapping = new AbortController();
    try {
      const next = await this.#start(options, this.#swapping.signal);
      this.#takeOver(next);
      return next.describe();
    } finally {
      this.#swapping = undefined;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #start(options: SwapOptions, closed: AbortSignal): Promise<ScoringEngine> {
    // an entry script, a declaration or samples that are left out would be those of other models
    const { entryScript: _script, images: _images, warmUp: _samples, ...kept } = this.#options;
    const signal = options.signal === undefined ? closed : AbortSignal.any([closed, options.signal]);
    const next = await startEngine({ ...kept, ...options, signal });
    if (!signal.aborted) return next;
    await next[Symbol.asyncDispose]();
    throw signal.reason;
  }

  #takeOver(next: ScoringEngine): void {
    const old = this.#current;
    this.#current = next;
    this.#swaps += 1;
    this.#retiring.set(old, this.#retire(old));
    const [from, to] = [old, next].map((engine) => modelNames(engine.describe().models).join(', '));
    this.#options.log?.info({ event: 'engine.swapped', from, to }, `${to} takes over from ${from}`);
  }

  async #retire(old: ScoringEngine): Promise<void> {
    try {
      await old.retire();
    } catch (error) {
      const reason = messageOf(error);
      this.#options.log?.warn(
        { event: 'engine.swap.notReleased', reason },
        `the old models were not released: ${reason}`,
      );
    }
    this.#past = add(this.#past, old.stats());
    this.#retiring.delete(old);
  }

  async #close(): Promise<void> {
    this.#swapping?.abort(new EngineError('EngineClosed', 'the swap was given up: the engine is shutting down'));
    const engines = [this.#current, ...this.#retiring.keys()];
    await Promise.all(engines.map((engine) => engine[Symbol.asyncDispose]()));
    await Promise.all(this.#retiring.values());
  }
}

function add(one: DispatcherStats, other: DispatcherStats): DispatcherStats {
  return {
    waiting: one.waiting + other.waiting,
    running: one.running + other.running,
    completed: one.completed + other.completed,
    failed: one.failed + other.failed,
    timedOut: one.timedOut + other.timedOut,
    rejected: one.rejected + other.rejected,
    cancelled: one.cancelled + other.cancelled,
    workersReplaced: one.workersReplaced + other.workersReplaced,
  };
}

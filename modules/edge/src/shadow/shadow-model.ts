import { messageOf } from '@edgewright/contract';
import type { ScorerReported } from '@edgewright/contract';
import type { Engine, ScoreResult, SwapOptions } from '@edgewright/engine';
import type { Logger, Metrics, Tracing } from '@edgewright/telemetry';
import { fetchModel } from '../model-update/fetch-model.ts';
import type { FetchStep, WantedModel } from '../model-update/fetch-model.ts';
import type { ModelSlot } from '../model-update/model-slot.ts';
import { agree } from './agree.ts';
import { ShadowComparison } from './shadow-comparison.ts';

const SCORE_TIMEOUT_MS = 20_000;

/** A model that is to score the same messages, and how the two are compared. */
export interface WantedShadow extends WantedModel {
  readonly share: number;
  readonly tolerance: number;
}

export interface ShadowModelOptions {
  readonly slot: ModelSlot;
  /** Makes an engine that does not share a thread with this one; absent where there is none. */
  readonly startEngine: ((models: SwapOptions, signal: AbortSignal) => Promise<Engine>) | undefined;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly tracing?: Tracing | undefined;
  readonly changed: () => void;
}

type ShadowState = NonNullable<ScorerReported['shadow']>['state'];

/**
 * A candidate that scores messages beside the model in force, and sends nothing: how far the two agree, and how long each takes, is
 * reported. It scores one message at a time; those that come while it is busy are skipped, so that it never makes a queue.
 */
export class ShadowModel implements AsyncDisposable {
  readonly #options: ShadowModelOptions;
  readonly #comparison: ShadowComparison;
  #wanted: WantedShadow | undefined;
  #state: ShadowState = 'fetching';
  #reason: string | null = null;
  #engine: Engine | undefined;
  #isBusy = false;
  #giveUp = new AbortController();
  #work: Promise<void> = Promise.resolve();

  constructor(options: ShadowModelOptions) {
    this.#options = options;
    this.#comparison = new ShadowComparison(options.metrics);
  }

  /** Null without a shadow model. */
  get status(): NonNullable<ScorerReported['shadow']> | null {
    if (this.#wanted === undefined) return null;
    const { name, version, sha256 } = this.#wanted;
    const { agreed, disagreed, failed, skipped, agreement, latencyMs } = this.#comparison.totals();
    const counts = { agreed, disagreed, failed, skipped, agreement, latencyMs };
    return { name, version: String(version), sha256, state: this.#state, reason: this.#reason, ...counts };
  }

  /** What the desired properties say. Returns at once. */
  want(model: WantedShadow | undefined): void {
    const isSame = JSON.stringify(model) === JSON.stringify(this.#wanted);
    if (isSame) return;
    this.#wanted = model;
    this.#giveUp.abort();
    const giveUp = new AbortController();
    this.#giveUp = giveUp;
    this.#comparison.reset();
    this.#enter('fetching');
    this.#work = this.#work.then(() => this.#exchange(model, giveUp.signal));
  }

  /** A message was scored by the model in force. Returns at once, and never throws. */
  offer(data: unknown, result: ScoreResult): void {
    const engine = this.#engine;
    if (engine === undefined || this.#wanted === undefined || Math.random() >= this.#wanted.share) return;
    if (this.#isBusy) this.#comparison.count('skipped');
    else void this.#compare(engine, data, result);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#giveUp.abort();
    await this.#work;
    await this.#release();
  }

  async #compare(engine: Engine, data: unknown, result: ScoreResult): Promise<void> {
    this.#isBusy = true;
    try {
      const shadow = await engine.score({ requestId: 'shadow', data, timeoutMs: SCORE_TIMEOUT_MS });
      const tolerance = this.#wanted?.tolerance ?? 0;
      this.#comparison.times(result.timings.runMs, shadow.timings.runMs);
      this.#comparison.count(agree(result.value, shadow.value, tolerance) ? 'agreed' : 'disagreed');
    } catch (error) {
      if (engine !== this.#engine) return;
      this.#comparison.count('failed');
      this.#reason = messageOf(error).slice(0, 500);
    } finally {
      this.#isBusy = false;
    }
  }

  async #exchange(model: WantedShadow | undefined, signal: AbortSignal): Promise<void> {
    const { slot, startEngine, logger, tracing } = this.#options;
    const { store, publicKey, registryCredentials } = slot;
    await this.#release();
    if (signal.aborted || store === undefined || startEngine === undefined) return;
    store.pin('shadow', model?.sha256);
    if (model === undefined) return;
    try {
      const onStep = (step: FetchStep): void =>
        this.#enter('fetching', step.state === 'downloading' ? step.reason : undefined);
      await fetchModel(model, { store, publicKey, registryCredentials, logger, tracing, signal, onStep });
      this.#enter('loading');
      const engine = await startEngine(slot.optionsFor(model, model.warmUp), signal);
      this.#engine = engine;
      this.#enter('scoring');
    } catch (error) {
      if (signal.aborted) return;
      logger.error({ err: error }, 'the shadow model is not taken');
      this.#enter('failed', messageOf(error));
    }
  }

  async #release(): Promise<void> {
    const engine = this.#engine;
    this.#engine = undefined;
    await engine?.[Symbol.asyncDispose]();
  }

  #enter(state: ShadowState, reason?: string): void {
    const isNews = state !== this.#state;
    this.#state = state;
    this.#reason = reason?.slice(0, 500) ?? null;
    if (isNews) this.#options.changed();
  }
}

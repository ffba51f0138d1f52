import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '@edgewright/contract';
import type { EngineSettings } from '@edgewright/contract';
import type { Engine, EngineDescription } from '@edgewright/engine';
import type { Logger, Tracing } from '@edgewright/telemetry';
import { EdgeError } from '../edge-error.ts';
import { fetchModel, sameAddress } from './fetch-model.ts';
import type { FetchStep, WantedModel } from './fetch-model.ts';
import { withChange } from './model-slot.ts';
import type { ModelSlot } from './model-slot.ts';
import type { ModelStore } from './model-store.ts';
import { defaultModelGate, ModelWatch } from './model-watch.ts';
import type { ModelGate } from './model-watch.ts';
import { UpdateReport } from './update-report.ts';
import type { UpdateStatus } from './update-report.ts';
import { isSameModel, modelText, nameOf } from './update-record.ts';
import type { StoredModel } from './update-record.ts';

/** Loading a model that ended the process this often is given up. */
const MAX_ATTEMPTS = 2;

export interface ModelUpdaterOptions {
  readonly slot: ModelSlot;
  readonly engine: Engine;
  readonly logger: Logger;
  readonly tracing?: Tracing | undefined;
  /** The status changed in a way that should be seen soon. */
  readonly changed: () => void;
}

/**
 * Brings the model that the desired properties name into force, and takes it back when it does not keep to the gate. One thing at
 * a time; what is wanted anew replaces what is under way. Each step is on the disk before the next one depends on it, so that the
 * process may end at any moment.
 */
export class ModelUpdater implements AsyncDisposable {
  readonly #options: ModelUpdaterOptions;
  readonly #report: UpdateReport;
  #gate = defaultModelGate;
  #wanted: WantedModel | undefined;
  #watch = new ModelWatch();
  #isRollingBack = false;
  #windowTimer: NodeJS.Timeout | undefined;
  #giveUp = new AbortController();
  #work: Promise<void> = Promise.resolve();
  /** Settles when the model that is being swapped in scores and is on record. */
  #takingOver: Promise<void> = Promise.resolve();
  /** What is wanted is not yet decided on. */
  #isAdvancing = false;
  #isClosed = false;

  constructor(options: ModelUpdaterOptions) {
    this.#options = options;
    this.#report = new UpdateReport(options.changed);
    // a former process brought the model into force, and did not see the end of its time
    this.#watchWindow();
  }

  /** Null before a model was asked for. */
  get status(): UpdateStatus | null {
    return this.#report.status;
  }

  /** What the desired properties say; undefined stands for the image's own model. Returns at once. */
  want(model: WantedModel | undefined, gate: ModelGate): void {
    this.#gate = gate;
    const isFirst = this.#wanted === undefined && model === undefined && this.#options.slot.active === null;
    if (isFirst || (model !== undefined && sameAddress(this.#wanted, model))) return;
    this.#wanted = model;
    this.#restart();
  }

  /**
   * Runs the model in force with other settings. What is being fetched is left for it, and goes on afterwards where it was.
   *
   * @throws what the engine throws; the former settings stay in force then
   */
  async reconfigure(settings: EngineSettings): Promise<void> {
    const { slot, engine } = this.#options;
    if (isDeepStrictEqual(slot.settings, settings)) return;
    const wasAdvancing = this.#isAdvancing;
    // a model that is loaded takes over soon; a download may take hours
    if (this.#report.status?.state !== 'warming') this.#giveUp.abort();
    try {
      await this.#enqueue(async () => {
        await engine.swap(slot.optionsFor(slot.active, undefined, settings));
        slot.settings = settings;
      });
    } finally {
      if (wasAdvancing) this.#restart();
    }
  }

  /** A message was scored by the engine described. */
  scored(by: EngineDescription, runMs: number): void {
    if (by !== this.#options.engine.describe()) return;
    this.#watch.scored(runMs);
    this.#judge();
  }

  /** The model, or what it runs in, failed on a message. */
  failed(): void {
    this.#watch.failed();
    this.#judge();
  }

  /**
   * Goes back to the model before. It stays until the desired properties name another one, or `reload` is asked for.
   *
   * @throws EdgeError `UpdateRefused` when there is none; what loading it throws
   */
  async rollback(reason: string): Promise<void> {
    // a model scores a moment before the record says so
    if (this.#options.slot.store?.record.previous === undefined) await this.#takingOver;
    if (this.#options.slot.store?.record.previous === undefined) {
      throw new EdgeError('UpdateRefused', 'cannot roll back: there is no model to go back to');
    }
    this.#giveUp.abort();
    await this.#enqueue(() => this.#goBack(reason));
  }

  /** Loads the model in force anew, from its file. Throws what the engine throws. */
  async reload(): Promise<void> {
    const { engine, slot } = this.#options;
    await this.#enqueue(async () => {
      await engine.swap(slot.optionsFor(slot.active));
    });
  }

  /**
   * Tries the wanted model once more, from the start. Returns at once.
   *
   * @throws EdgeError `UpdateRefused` when the desired properties name none
   */
  async retry(): Promise<void> {
    const { store } = this.#options.slot;
    if (store === undefined || this.#wanted === undefined) {
      throw new EdgeError('UpdateRefused', 'cannot try again: the desired properties name no model');
    }
    this.#giveUp.abort();
    await this.#enqueue(() => store.save(withChange(store.record, { verdict: undefined, attempt: undefined })));
    this.#restart();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#giveUp.abort();
    clearTimeout(this.#windowTimer);
    await this.#work;
    await this.#options.slot.endedInOrder();
  }

  #restart(): void {
    this.#giveUp.abort();
    const giveUp = new AbortController();
    this.#giveUp = giveUp;
    this.#isAdvancing = true;
    void this.#enqueue(() => this.#advance(giveUp.signal))
      .catch((error: unknown) => {
        if (giveUp.signal.aborted) return;
        this.#options.logger.error({ err: error }, 'the model update failed');
        this.#report.enter({ reason: messageOf(error) });
      })
      .finally(() => {
        if (this.#giveUp === giveUp) this.#isAdvancing = false;
      });
  }

  #enqueue(task: () => Promise<void>): Promise<void> {
    const done = this.#work.then(task);
    this.#work = done.catch(() => {});
    return done;
  }

  async #advance(signal: AbortSignal): Promise<void> {
    const { slot, logger, tracing } = this.#options;
    const { store, publicKey, registryCredentials } = slot;
    const wanted = this.#wanted;
    if (signal.aborted || this.#isClosed || store === undefined) return;
    if (wanted === undefined) {
      await this.#takeOver(null, {});
      this.#report.clear();
      return;
    }
    const model = { name: wanted.name, version: wanted.version, sha256: wanted.sha256 };
    const { verdict } = store.record;
    if (isSameModel(verdict?.model, model)) {
      this.#report.about(model, store.record, { state: verdict?.state ?? 'rejected', reason: verdict?.reason ?? null });
      return;
    }
    if (isSameModel(slot.active, model)) {
      this.#report.about(model, this.#storeOf().record, { state: 'active' });
      this.#watchWindow();
      return;
    }
    try {
      this.#report.about(model, this.#storeOf().record, { state: 'downloading' });
      const onStep = (step: FetchStep): void => this.#report.step(step);
      await fetchModel(wanted, { store, publicKey, registryCredentials, logger, tracing, signal, onStep });
      await this.#warmUp(model, wanted.warmUp, signal);
    } catch (error) {
      signal.throwIfAborted();
      await this.#reject(model, messageOf(error));
    }
  }

  async #warmUp(model: StoredModel, warmUp: readonly unknown[] | undefined, signal: AbortSignal): Promise<void> {
    const store = this.#storeOf();
    const { attempt } = store.record;
    const count = isSameModel(attempt?.model, model) ? (attempt?.count ?? 0) + 1 : 1;
    if (count > MAX_ATTEMPTS) {
      throw new EdgeError('ModelRejected', `the process ended ${count - 1} times while it loaded the model`);
    }
    this.#report.enter({ state: 'warming' });
    await store.save(withChange(store.record, { attempt: { model, count } }));
    const takingOver = this.#takeOver(model, { warmUp, signal });
    this.#takingOver = takingOver.catch(() => {});
    await takingOver;
    this.#report.about(model, this.#storeOf().record, { state: 'active' });
    this.#watchWindow();
  }

  /** Swaps, and remembers what was before. */
  async #takeOver(
    model: StoredModel | null,
    { warmUp, signal }: { readonly warmUp?: readonly unknown[] | undefined; readonly signal?: AbortSignal },
  ): Promise<void> {
    const { slot, engine, logger } = this.#options;
    const store = this.#storeOf();
    const before = slot.active;
    const baseline = this.#watch.baseline(this.#gate.minimumMessages);
    await engine.swap({ ...slot.optionsFor(model, warmUp), ...(signal === undefined ? {} : { signal }) });
    this.#watch = new ModelWatch();
    const watch = model === null ? undefined : { starts: 0, baseline };
    await store.save(withChange(store.record, { active: model, previous: before, watch, attempt: undefined }));
    await store.sweep([model, before].filter((each) => each !== null));
    logger.info({ from: nameOf(before), to: nameOf(model) }, 'another model scores now');
  }

  async #goBack(reason: string): Promise<void> {
    const { slot, engine, logger } = this.#options;
    const store = this.#storeOf();
    const { active, previous } = store.record;
    if (previous === undefined) return;
    clearTimeout(this.#windowTimer);
    logger.warn({ from: nameOf(active), to: nameOf(previous), reason }, 'rolling back');
    await engine.swap(slot.optionsFor(previous));
    this.#watch = new ModelWatch();
    const at = new Date().toISOString();
    const verdict =
      active === null ? store.record.verdict : { model: active, state: 'rolledBack' as const, reason, at };
    await store.save(withChange(store.record, { active: previous, previous: undefined, watch: undefined, verdict }));
    if (active !== null) this.#report.about(active, this.#storeOf().record, { state: 'rolledBack', reason });
    this.#isRollingBack = false;
  }

  async #reject(model: StoredModel, reason: string): Promise<void> {
    const store = this.#storeOf();
    const at = new Date().toISOString();
    this.#options.logger.error({ model: modelText(model), reason }, 'a model is rejected');
    this.#report.enter({ state: 'rejected', reason });
    await store.save(
      withChange(store.record, { verdict: { model, state: 'rejected', reason, at }, attempt: undefined }),
    );
    await store.sweep([store.record.active, store.record.previous].filter((each) => each != null));
  }

  #judge(): void {
    const { slot, logger } = this.#options;
    const watched = slot.store?.record.watch;
    if (watched === undefined || this.#isRollingBack) return;
    const reason = this.#watch.judge(this.#gate, watched.baseline);
    if (reason === undefined) return;
    this.#isRollingBack = true;
    void this.#enqueue(() => this.#goBack(reason)).catch((error: unknown) => {
      this.#isRollingBack = false;
      logger.error({ err: error }, 'the rollback failed');
    });
  }

  /** The gate is passed when the time is over. */
  #watchWindow(): void {
    clearTimeout(this.#windowTimer);
    if (this.#options.slot.store?.record.watch === undefined) return;
    this.#windowTimer = setTimeout(() => {
      void this.#enqueue(async () => {
        const store = this.#storeOf();
        if (store.record.watch === undefined || this.#isClosed) return;
        await store.save(withChange(store.record, { watch: undefined }));
        this.#report.enter({ isWatched: false });
      }).catch((error: unknown) => this.#options.logger.error({ err: error }, 'the end of the watch is not noted'));
    }, this.#gate.windowSeconds * 1000).unref();
  }

  #storeOf(): ModelStore {
    const { store } = this.#options.slot;
    if (store === undefined) throw new TypeError('there is no store of models');
    return store;
  }
}

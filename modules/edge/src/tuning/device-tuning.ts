import { randomUUID } from 'node:crypto';
import { messageOf } from '@edgewright/contract';
import type { ReportedTuning, TuningFound, TuningRequest } from '@edgewright/contract';
import type { Logger } from '@edgewright/telemetry';
import { EdgeError } from '../edge-error.ts';
import type { UpdatePause } from '../methods/update-pause.ts';

/** How a host of this module finds out how the model runs best. */
export type TuneDevice = (
  request: TuningRequest,
  options: { readonly signal: AbortSignal; readonly onProgress: (text: string) => void },
) => Promise<TuningFound>;

export interface DeviceTuningOptions {
  /** Absent where the program has none. */
  readonly tune: TuneDevice | undefined;
  readonly pause: UpdatePause;
  /** Requests that come at once when nobody says. */
  readonly concurrency: () => number;
  /** The status changed in a way that should be seen soon. */
  readonly changed: () => void;
  readonly logger: Logger;
}

const DEFAULT_BUDGET_SECONDS = 60;
/** What tuning may take beyond its budget, which is about measuring, until it is given up: slow starts, a candidate that hangs. */
const GRACE_SECONDS = 240;
/** Messages under way and in the journal get so long to end. */
const DRAIN_SECONDS = 60;

/**
 * Finds out how the model runs best on this device, when the direct method `tune` asks for it: one at a time, with messages held back at
 * edgeHub, where nothing is lost, and never for longer than a bounded time. What was found is reported; it is for whoever sets the desired
 * properties to put it into force.
 */
export class DeviceTuning implements AsyncDisposable {
  readonly #options: DeviceTuningOptions;
  #status: ReportedTuning | null = null;
  #report: unknown = null;
  #stop: AbortController | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: DeviceTuningOptions) {
    this.#options = options;
  }

  /** What stands in the reported properties; null before the first time. */
  get status(): ReportedTuning | null {
    return this.#status;
  }

  /** What the method `tuneResult` answers. */
  get result(): { readonly tuning: ReportedTuning | null; readonly report: unknown } {
    return { tuning: this.#status, report: this.#report };
  }

  /**
   * Begins, and returns at once.
   *
   * @throws EdgeError `TuningRefused` while one is under way or the module is paused for an update, and where there is nothing to tune with
   */
  start(request: TuningRequest): ReportedTuning {
    const { tune, pause } = this.#options;
    if (tune === undefined) throw refused('this program cannot tune');
    if (this.#stop !== undefined) throw refused(`tuning ${this.#status?.id} is under way`);
    if (pause.isPaused) throw refused('the module is paused for an update');
    const stop = new AbortController();
    this.#stop = stop;
    this.#report = null;
    const status: ReportedTuning = {
      id: randomUUID(),
      state: request.whileScoring === true ? 'measuring' : 'draining',
      startedAt: new Date().toISOString(),
      endedAt: null,
      reason: null,
      isDefault: null,
      engine: null,
      gain: null,
      best: null,
      default: null,
    };
    this.#set(status);
    this.#running = this.#run(tune, request, stop).finally(() => (this.#stop = undefined));
    return status;
  }

  /** Gives up what is under way; resolves when messages are taken again. */
  async cancel(reason: string): Promise<void> {
    this.#stop?.abort(new EdgeError('TuningInterrupted', `tuning was given up: ${reason}`));
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cancel('the module is closing');
  }

  async #run(tune: TuneDevice, request: TuningRequest, stop: AbortController): Promise<void> {
    const { logger, concurrency } = this.#options;
    const budgetSeconds = request.budgetSeconds ?? DEFAULT_BUDGET_SECONDS;
    const limitSeconds = budgetSeconds + GRACE_SECONDS;
    const limit = setTimeout(
      () => {
        stop.abort(new EdgeError('TuningInterrupted', `tuning was given up: it was not done within ${limitSeconds} s`));
      },
      (limitSeconds + DRAIN_SECONDS) * 1000,
    ).unref();
    try {
      await using _hold = await this.#hold(request, limitSeconds, stop.signal);
      logger.info({ tuning: this.#status?.id, budgetSeconds }, 'tuning begins');
      const wanted = { concurrency: concurrency(), ...request, budgetSeconds };
      const onProgress = (reason: string): void => this.#note({ reason });
      this.#finish(await tune(wanted, { signal: stop.signal, onProgress }));
    } catch (thrown) {
      const error: unknown = stop.signal.aborted ? stop.signal.reason : thrown;
      logger.warn({ err: error }, 'tuning failed');
      this.#set({ ...this.#require(), state: 'failed', endedAt: new Date().toISOString(), reason: messageOf(error) });
    } finally {
      clearTimeout(limit);
    }
  }

  /** Holds messages back, for longer than tuning can take: its own end comes first. */
  async #hold(request: TuningRequest, limitSeconds: number, signal: AbortSignal): Promise<AsyncDisposable> {
    if (request.whileScoring === true) return { [Symbol.asyncDispose]: () => Promise.resolve() };
    const hold = await this.#options.pause.hold({
      holdSeconds: limitSeconds + DRAIN_SECONDS,
      waitSeconds: DRAIN_SECONDS,
    });
    const release: AsyncDisposable = {
      [Symbol.asyncDispose]: () => {
        hold.release();
        return Promise.resolve();
      },
    };
    if (!signal.aborted && hold.isIdle) {
      this.#note({ state: 'measuring' });
      return release;
    }
    hold.release();
    signal.throwIfAborted();
    throw new EdgeError(
      'TuningInterrupted',
      `messages were still at work after ${DRAIN_SECONDS} s, so nothing could be measured`,
    );
  }

  #finish({ engine, isDefault, reason, gain, best, default: own, report }: TuningFound): void {
    this.#report = report;
    const failed = engine === undefined;
    this.#options.logger.info({ engine, reason, gain }, 'tuning is done');
    this.#set({
      ...this.#require(),
      state: failed ? 'failed' : 'done',
      endedAt: new Date().toISOString(),
      reason,
      isDefault,
      engine: failed ? null : JSON.stringify(engine),
      gain,
      best,
      default: own,
    });
  }

  /** Progress is seen at the next report. */
  #note(change: Partial<ReportedTuning>): void {
    if (this.#status !== null) this.#status = { ...this.#status, ...change };
  }

  #require(): ReportedTuning {
    if (this.#status === null) throw new TypeError('nothing is being tuned');
    return this.#status;
  }

  #set(status: ReportedTuning): void {
    this.#status = status;
    this.#options.changed();
  }
}

function refused(reason: string): EdgeError {
  return new EdgeError('TuningRefused', `cannot tune: ${reason}`);
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@edgewright/telemetry';
import type { MessageIntake } from '../messages/message-intake.ts';

const DEFAULT_HOLD_SECONDS = 600;
const DEFAULT_WAIT_SECONDS = 20;
const POLL_MS = 20;

export interface UpdatePauseOptions {
  readonly intake: () => MessageIntake;
  /** Messages in the journal. */
  readonly journaled: () => number;
  /** The reported properties have something to say. */
  readonly changed: () => void;
  readonly logger: Logger;
}

/** Drains the module so that it can be replaced, for a time: an updater that never comes must not stop it for good. */
export class UpdatePause implements Disposable {
  readonly #options: UpdatePauseOptions;
  #end: NodeJS.Timeout | undefined;

  constructor(options: UpdatePauseOptions) {
    this.#options = options;
  }

  get isPaused(): boolean {
    return this.#end !== undefined;
  }

  /** True when the process may end without work being done twice. What only waits at edgeHub may wait on. */
  get isIdle(): boolean {
    const intake = this.#options.intake();
    return (this.isPaused ? intake.running : intake.held) + this.#options.journaled() === 0;
  }

  /**
   * Begins no more messages for `holdSeconds` (0 ends that), and waits up to `waitSeconds` for those under way and those in the
   * journal.
   */
  async prepare(options: {
    readonly holdSeconds?: number;
    readonly waitSeconds?: number;
  }): Promise<{ isIdle: boolean; isPaused: boolean; waiting: number }> {
    const { holdSeconds = DEFAULT_HOLD_SECONDS, waitSeconds = DEFAULT_WAIT_SECONDS } = options;
    const { intake, journaled, changed, logger } = this.#options;
    clearTimeout(this.#end);
    if (holdSeconds === 0) this.#resume('asked for');
    else {
      intake().pause();
      this.#end = setTimeout(() => this.#resume('the time is over'), holdSeconds * 1000).unref();
      logger.info({ holdSeconds }, 'no more messages are taken for a time');
      const deadline = performance.now() + waitSeconds * 1000;
      while (!this.isIdle && performance.now() < deadline) await sleep(POLL_MS, undefined, { ref: false });
      changed();
    }
    return { isIdle: this.isIdle, isPaused: this.isPaused, waiting: intake().running + journaled() };
  }

  /**
   * Drains the module like `prepare`, for something that ends by itself.
   *
   * @returns whether it is idle, and what takes messages again, unless another pause has taken the place of this one
   */
  async hold(options: {
    readonly holdSeconds: number;
    readonly waitSeconds: number;
  }): Promise<{ readonly isIdle: boolean; release(): void }> {
    const draining = this.prepare(options);
    const own = this.#end;
    const { isIdle } = await draining;
    return {
      isIdle,
      release: () => {
        if (own === undefined || this.#end !== own) return;
        clearTimeout(own);
        this.#resume('it is over');
      },
    };
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#end);
  }

  #resume(reason: string): void {
    if (this.#end === undefined) return;
    this.#end = undefined;
    this.#options.logger.info({ reason }, 'messages are taken again');
    this.#options.intake().resume();
    this.#options.changed();
  }
}

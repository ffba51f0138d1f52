import type { Acknowledgement } from '../acknowledgement/acknowledgement.ts';
import type { Delivery } from '../hub/hub-session.ts';
import type { EdgeCounters } from './edge-counters.ts';
import { epochMs } from './message-trace.ts';

export interface MessageIntakeOptions {
  /** The policy in force; asked for each message. */
  readonly acknowledgement: () => Acknowledgement;
  /** Messages to work on at the same time; asked for each message. */
  readonly concurrency: () => number;
  readonly counters: EdgeCounters;
  /** Whether messages are to say when they came. */
  readonly stampsArrival?: boolean;
}

function stamped(delivery: Delivery, now: number): Delivery {
  return { ...delivery, message: { ...delivery.message, receivedAt: epochMs(now) } };
}

/**
 * Takes messages in, so many at a time. It holds what comes before a session is ready for outputs and the settings are known;
 * how much that may be is bounded by the session, which counts what is not acknowledged.
 */
export class MessageIntake {
  readonly #options: MessageIntakeOptions;
  #waiting: { readonly delivery: Delivery; readonly since: number }[] = [];
  #running = 0;
  #state: 'holding' | 'open' | 'closed' = 'holding';
  #isPaused = false;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(options: MessageIntakeOptions) {
    this.#options = options;
  }

  /** Messages waiting and being worked on. */
  get held(): number {
    return this.#waiting.length + this.#running;
  }

  /** Messages being worked on. */
  get running(): number {
    return this.#running;
  }

  /** Begins no more work until `resume`; what comes waits, and edgeHub with it. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#pump();
  }

  deliver(delivery: Delivery): void {
    if (this.#state === 'closed') return;
    this.#options.counters.received(delivery.message.inputName);
    const since = performance.now();
    this.#waiting.push({ delivery: this.#options.stampsArrival === true ? stamped(delivery, since) : delivery, since });
    this.#pump();
  }

  /** The connection is gone: what waits will come again, and what comes is held. What is being worked on goes on. */
  hold(): void {
    this.#waiting = [];
    if (this.#state === 'open') this.#state = 'holding';
  }

  /** Starts working; until then messages wait. */
  open(): void {
    if (this.#state === 'holding') this.#state = 'open';
    this.#pump();
  }

  /** Takes nothing more, and resolves when nothing is being worked on. What waits will come again. */
  async close(): Promise<void> {
    this.#state = 'closed';
    this.#waiting = [];
    if (this.#running === 0) return;
    this.#idle ??= Promise.withResolvers();
    await this.#idle.promise;
  }

  #pump(): void {
    const { acknowledgement, concurrency, counters } = this.#options;
    while (this.#state === 'open' && !this.#isPaused && this.#running < concurrency()) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      counters.stage('wait', performance.now() - next.since);
      this.#running += 1;
      void acknowledgement()
        .take(next.delivery)
        .finally(() => {
          this.#running -= 1;
          if (this.#running === 0) this.#idle?.resolve();
          this.#pump();
        });
    }
  }
}

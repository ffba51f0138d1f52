import type { EventSink } from '@edgewright/contract';
import { messageOf } from '@edgewright/contract';
import type { EdgeHubTimings } from './edge-hub-timings.ts';
import type { MessageStore } from './message-store.ts';
import type { StoredMessage } from './stored-message.ts';

/** What became of a batch: messages that are named in neither list are tried again. */
export interface DeliveryResult {
  /** Ids of messages that arrived. */
  readonly delivered: readonly number[];
  /** Ids of messages that never will, and why. */
  readonly rejected: readonly { readonly id: number; readonly reason: string }[];
}

/** Brings messages to where a queue leads. May take as long as it needs; must end soon once the signal is aborted. */
export type Deliver = (batch: readonly StoredMessage[], signal: AbortSignal) => Promise<DeliveryResult>;

export interface EndpointPumpOptions {
  readonly endpoint: string;
  readonly store: MessageStore;
  readonly deliver: Deliver;
  /** How many messages it takes out of its queue at a time. */
  readonly batch: number;
  readonly timings: EdgeHubTimings;
  readonly now: () => number;
  readonly onExpired: (messages: readonly StoredMessage[]) => void;
  readonly emit: EventSink;
}

/**
 * Drains the queues of one endpoint, the highest priority first, in order, one batch after the other. After a batch that
 * did not arrive entirely it waits, longer each time.
 */
export class EndpointPump implements AsyncDisposable {
  readonly endpoint: string;
  readonly #options: EndpointPumpOptions;
  readonly #closing = new AbortController();
  readonly #finished: Promise<void>;
  #isHeld = false;
  #wakeIdle: (() => void) | undefined;
  #endBackoff: (() => void) | undefined;

  constructor(options: EndpointPumpOptions) {
    this.endpoint = options.endpoint;
    this.#options = options;
    this.#finished = this.#run();
  }

  /** Tells the pump that there are messages. */
  wake(): void {
    this.#wakeIdle?.();
  }

  /** Ends a running wait after a failure. */
  resume(): void {
    this.#endBackoff?.();
  }

  /** Stops taking messages out, or goes on. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    if (isHeld) return;
    this.wake();
    this.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.wake();
    this.resume();
    await this.#finished;
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#closing.signal.aborted) {
      const batch = this.#isHeld ? [] : this.#take();
      if (batch.length === 0) {
        await this.#idle();
        continue;
      }
      const [delivered, complete] = await this.#deliver(batch);
      if (complete || this.#closing.signal.aborted) failures = 0;
      else {
        if (delivered > 0) failures = 0;
        await this.#backoff(failures);
        failures += 1;
      }
    }
  }

  /** The next batch, without messages whose time has passed. */
  #take(): StoredMessage[] {
    const { store, endpoint, batch: size, now, onExpired } = this.#options;
    for (;;) {
      const batch = store.next(endpoint, size);
      const at = now();
      const expired = batch.filter((message) => message.expiresAt !== undefined && message.expiresAt <= at);
      if (expired.length === 0) return batch;
      store.remove(expired);
      onExpired(expired);
    }
  }

  async #deliver(batch: readonly StoredMessage[]): Promise<readonly [delivered: number, complete: boolean]> {
    const { store, deliver, endpoint, emit } = this.#options;
    try {
      const { delivered, rejected } = await deliver(batch, this.#closing.signal);
      const done = new Set([...delivered, ...rejected.map(({ id }) => id)]);
      store.remove(batch.filter(({ id }) => done.has(id)));
      for (const { id, reason } of rejected) {
        emit({
          stage: 'edgehub.message',
          state: 'failed',
          text: `Dropped a message to ${endpoint}: ${reason}`,
          data: { endpoint, id, reason },
        });
      }
      return [delivered.length, delivered.length + rejected.length === batch.length];
    } catch (error) {
      const reason = messageOf(error);
      emit({
        stage: 'edgehub.deliver',
        state: 'failed',
        text: `Cannot deliver to ${endpoint}: ${reason}`,
        data: { endpoint, reason },
      });
      return [0, false];
    }
  }

  async #idle(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wakeIdle = resolve;
    await promise;
    this.#wakeIdle = undefined;
  }

  async #backoff(failures: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, retryDelay(failures, this.#options.timings));
    this.#endBackoff = resolve;
    await promise;
    this.#endBackoff = undefined;
    clearTimeout(timer);
  }
}

/** The wait after the n-th failure in a row, from 0, in milliseconds; varied by ±20 % as edgeHub's is. */
export function retryDelay(failures: number, timings: EdgeHubTimings): number {
  const spread = timings.retryDeltaMs * (0.8 + Math.random() * 0.4);
  return Math.min(timings.retryMinimumMs + (2 ** failures - 1) * spread, timings.retryMaximumMs);
}

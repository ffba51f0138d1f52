/** Bounds of an admission queue. */
export interface AdmissionLimits {
  /** Requests that are let in at once. */
  readonly maxConcurrentRequests: number;
  /** Milliseconds that one may wait. */
  readonly maxQueueWaitMs: number;
  /** Requests that may wait. */
  readonly queueLength: number;
}

interface Waiting {
  readonly admit: () => void;
}

/** Lets a number of requests in at once, in the order in which they came; the others wait, for a time. */
export class AdmissionQueue {
  readonly #limits: AdmissionLimits;
  readonly #waiting = new Set<Waiting>();
  #inside = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  /** Requests that wait. */
  get length(): number {
    return this.#waiting.size;
  }

  /**
   * Waits to be let in.
   *
   * @returns what to call when the request is over; undefined when it was not let in, because the queue is full or the wait
   *   was too long
   * @throws what `signal.reason` is, when the signal fires while it waits
   */
  async enter(signal: AbortSignal | undefined): Promise<(() => void) | undefined> {
    signal?.throwIfAborted();
    if (this.#inside < this.#limits.maxConcurrentRequests) {
      this.#inside += 1;
      return this.#exit();
    }
    if (this.#waiting.size >= this.#limits.queueLength) return undefined;
    return (await this.#wait(signal)) ? this.#exit() : undefined;
  }

  async #wait(signal: AbortSignal | undefined): Promise<boolean> {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    const waiting: Waiting = { admit: () => resolve(true) };
    // whoever is not waited for any more leaves at once, or a place could be handed to nobody
    const giveUp = (): void => {
      this.#waiting.delete(waiting);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      this.#waiting.delete(waiting);
      resolve(false);
    }, this.#limits.maxQueueWaitMs);
    signal?.addEventListener('abort', giveUp, { once: true });
    this.#waiting.add(waiting);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
    }
  }

  #exit(): () => void {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const [next] = this.#waiting;
      // the place is handed over, so that nobody who comes now is faster
      if (next === undefined) this.#inside -= 1;
      else {
        this.#waiting.delete(next);
        next.admit();
      }
    };
  }
}

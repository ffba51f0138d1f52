import { hubFault } from './hub-fault.ts';

/** How long a hub is to refuse requests: for a time, for a number of them, or whichever ends first. */
export interface ThrottleRequest {
  /** 0 ends it. */
  readonly durationMs?: number;
  /** 0 ends it. */
  readonly requests?: number;
}

/** A hub that is over its limits, on demand: clients can be tried against 429. */
export class Throttle {
  readonly #now: () => number;
  #until = 0;
  #left = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Begins, or ends what was begun before. Without any limit it lasts until it is ended. */
  set({ durationMs = Infinity, requests = Infinity }: ThrottleRequest): void {
    this.#until = this.#now() + durationMs;
    this.#left = requests;
  }

  /** @throws SimulatorError `SimulatedHubThrottled` while it lasts */
  check(): void {
    const remainingMs = this.#until - this.#now();
    if (remainingMs <= 0 || this.#left <= 0) return;
    this.#left -= 1;
    const retryAfterSeconds = Number.isFinite(remainingMs) ? Math.max(1, Math.ceil(remainingMs / 1000)) : 1;
    throw hubFault('ThrottlingException', 'the hub was told to refuse requests for a while', { retryAfterSeconds });
  }
}

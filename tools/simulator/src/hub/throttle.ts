import type { FaultPlan } from '../faults/fault-plan.ts';
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
  readonly #faults: FaultPlan;

  constructor(faults: FaultPlan) {
    this.#faults = faults;
  }

  /** Begins, or ends what was begun before. Without any limit it lasts until it is ended. */
  set({ durationMs, requests }: ThrottleRequest): void {
    if (durationMs === 0 || requests === 0) this.#faults.replace('throttle');
    else {
      this.#faults.replace('throttle', {
        ...(durationMs !== undefined && { durationMs }),
        ...(requests !== undefined && { count: requests }),
      });
    }
  }

  /** @throws SimulatorError `SimulatedHubThrottled` while it lasts */
  check(): void {
    const retryAfterSeconds = this.#faults.throttle();
    if (retryAfterSeconds === undefined) return;
    throw hubFault('ThrottlingException', 'the hub was told to refuse requests for a while', { retryAfterSeconds });
  }
}

import type { RequestOptions, Timings } from '../engine.ts';
import type { Job, JobOutput } from '../scoring/job.ts';
import type { BatchPlace } from './micro-batching.ts';

/** A job's result and how long it took. */
export interface Dispatched {
  readonly output: JobOutput;
  readonly timings: Timings;
}

/** What a request's owner hears of it. */
export interface RequestEvents {
  readonly deadlinePassed: (request: PendingRequest) => void;
  readonly givenUp: (request: PendingRequest) => void;
}

/** A request between its call and its answer: its deadline, its signal, and the promise that the caller waits for. */
export class PendingRequest {
  readonly job: Job;
  readonly options: RequestOptions;
  readonly timeoutMs: number;
  readonly submitted = performance.now();
  readonly answer: Promise<Dispatched>;
  /** With which others it may be joined; with none when it has no place. */
  batch: BatchPlace | undefined;
  settled = false;
  #started: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #onAbort: (() => void) | undefined;
  #resolve: (result: Dispatched) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(job: Job, options: RequestOptions, defaultTimeoutMs: number) {
    this.job = job;
    this.options = options;
    this.timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get running(): boolean {
    return this.#started !== undefined;
  }

  /** Milliseconds until the deadline. */
  get timeLeft(): number {
    return this.timeoutMs - (performance.now() - this.submitted);
  }

  watch(events: RequestEvents): void {
    this.#timer = setTimeout(() => events.deadlinePassed(this), this.timeoutMs);
    const { signal } = this.options;
    if (signal === undefined) return;
    this.#onAbort = () => events.givenUp(this);
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  start(): void {
    this.#started = performance.now();
  }

  /** Back to the queue, to run alone. */
  restart(): void {
    this.#started = undefined;
    this.batch = undefined;
  }

  /** @param joined what ran together, when it did not run alone */
  resolve(output: JobOutput, joined?: Timings['joined']): void {
    const now = performance.now();
    const started = this.#started ?? now;
    const timings = { queueMs: started - this.submitted, runMs: now - started, totalMs: now - this.submitted };
    this.#settle();
    this.#resolve({ output, timings: joined === undefined ? timings : { ...timings, joined } });
  }

  reject(error: unknown): void {
    this.#settle();
    this.#reject(error);
  }

  /** Stops the clock: the job is over, or nobody waits for it. */
  stopClock(): void {
    clearTimeout(this.#timer);
  }

  #settle(): void {
    this.settled = true;
    if (this.#onAbort !== undefined) this.options.signal?.removeEventListener('abort', this.#onAbort);
    // a request that runs keeps its clock: the deadline also ends a job for which nobody waits any more
    if (!this.running) this.stopClock();
  }
}

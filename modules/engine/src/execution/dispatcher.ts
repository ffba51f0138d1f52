import { EngineError } from '../engine-error.ts';
import type { EngineLimits } from '../engine-options.ts';
import type { EngineStats, RequestOptions, Timings } from '../engine.ts';
import type { Job, JobOutput } from '../scoring/job.ts';
import type { Lane } from './lane.ts';

/** A job's result and how long it took. */
export interface Dispatched {
  readonly output: JobOutput;
  readonly timings: Timings;
}

interface Entry {
  readonly job: Job;
  readonly options: RequestOptions;
  readonly timeoutMs: number;
  readonly submitted: number;
  readonly resolve: (result: Dispatched) => void;
  readonly reject: (error: unknown) => void;
  timer?: NodeJS.Timeout;
  onAbort?: () => void;
  lane?: Lane;
  started: number;
  settled: boolean;
}

type Counters = { -readonly [Name in keyof EngineStats]: EngineStats[Name] };

/** Gives jobs to lanes in the order in which they came, and holds each to its deadline. */
export class Dispatcher {
  readonly #limits: EngineLimits;
  readonly #waiting = new Set<Entry>();
  readonly #idle: Lane[] = [];
  readonly #running = new Set<Entry>();
  readonly #counters: Counters = {
    waiting: 0,
    running: 0,
    completed: 0,
    failed: 0,
    timedOut: 0,
    rejected: 0,
    cancelled: 0,
    workersReplaced: 0,
  };
  #closed = false;
  #drained: (() => void) | undefined;

  constructor(limits: EngineLimits) {
    this.#limits = limits;
  }

  get stats(): EngineStats {
    return { ...this.#counters, waiting: this.#waiting.size, running: this.#running.size };
  }

  countReplacedWorker(): void {
    this.#counters.workersReplaced += 1;
  }

  /** Takes in a lane that can run a job now. */
  addLane(lane: Lane): void {
    this.#idle.push(lane);
    this.#next();
  }

  /** Forgets a lane that ended while it was idle. */
  removeLane(lane: Lane): void {
    const index = this.#idle.indexOf(lane);
    if (index >= 0) this.#idle.splice(index, 1);
  }

  /** Refuses everything that waits: no lane will come soon. */
  failWaiting(error: Error): void {
    for (const entry of this.#waiting) this.#settle(entry, () => entry.reject(error), 'failed');
  }

  submit(job: Job, options: RequestOptions): Promise<Dispatched> {
    return new Promise((resolve, reject) => {
      const entry: Entry = {
        job,
        options,
        timeoutMs: options.timeoutMs ?? this.#limits.timeoutMs,
        submitted: performance.now(),
        started: 0,
        settled: false,
        resolve,
        reject,
      };
      const refusal = this.#refusal(options);
      if (refusal !== undefined) {
        reject(refusal.error);
        this.#counters[refusal.counter] += 1;
        return;
      }
      entry.timer = setTimeout(() => this.#deadlinePassed(entry), entry.timeoutMs);
      if (options.signal !== undefined) {
        entry.onAbort = () => this.#givenUp(entry);
        options.signal.addEventListener('abort', entry.onAbort, { once: true });
      }
      this.#waiting.add(entry);
      this.#next();
    });
  }

  /** Refuses new jobs and waits until none is left, at most `milliseconds`; then refuses those that still wait or run. */
  async close(milliseconds: number): Promise<void> {
    this.#closed = true;
    if (this.#waiting.size + this.#running.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        this.#drained = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    for (const entry of [...this.#waiting, ...this.#running]) {
      this.#settle(entry, () => entry.reject(closedError()), 'failed');
      this.#running.delete(entry);
    }
  }

  #refusal({ signal }: RequestOptions): { error: unknown; counter: 'rejected' | 'cancelled' } | undefined {
    if (this.#closed) return { error: closedError(), counter: 'rejected' };
    if (signal?.aborted === true) return { error: signal.reason as unknown, counter: 'cancelled' };
    if (this.#idle.length > 0 || this.#waiting.size < this.#limits.queueLength) return undefined;
    const error = new EngineError(
      'QueueFull',
      `cannot take the request: ${this.#waiting.size} requests wait already, which is the limit (queueLength)`,
      { details: { waiting: this.#waiting.size, limit: this.#limits.queueLength } },
    );
    return { error, counter: 'rejected' };
  }

  #next(): void {
    while (this.#idle.length > 0) {
      const entry = this.#waiting.values().next().value;
      if (entry === undefined) return;
      this.#waiting.delete(entry);
      this.#start(entry, this.#idle.shift() as Lane);
    }
  }

  #start(entry: Entry, lane: Lane): void {
    entry.lane = lane;
    entry.started = performance.now();
    this.#running.add(entry);
    const left = entry.timeoutMs - (entry.started - entry.submitted);
    lane
      .run(entry.job, { requestId: entry.options.requestId, timeoutMs: Math.max(1, left) })
      .then(
        (output) => this.#settle(entry, () => entry.resolve({ output, timings: timingsOf(entry) }), 'completed'),
        (error: unknown) => {
          this.#settle(entry, () => entry.reject(error), 'failed');
          return isLost(error);
        },
      )
      .then((lost) => {
        clearTimeout(entry.timer);
        this.#running.delete(entry);
        if (this.#closed && this.#waiting.size + this.#running.size === 0) this.#drained?.();
        // a lane that was lost is replaced by another, which its owner adds
        if (lost !== true) this.addLane(lane);
      })
      .catch(entry.reject);
  }

  #deadlinePassed(entry: Entry): void {
    const { lane } = entry;
    const waited = lane === undefined;
    const where = waited
      ? `while it waited for a worker behind ${this.#running.size} running requests`
      : 'while it ran; the worker is replaced';
    const ended = lane?.end() ?? true;
    const error = new EngineError(
      'ScoringTimeout',
      `the request was not scored within its ${entry.timeoutMs} ms: the time was over ${ended ? where : 'while it ran'}`,
      {
        details: {
          requestId: entry.options.requestId,
          timeoutMs: entry.timeoutMs,
          phase: waited ? 'waiting' : 'running',
        },
      },
    );
    this.#settle(entry, () => entry.reject(error), 'timedOut');
  }

  #givenUp(entry: Entry): void {
    entry.lane?.cancel();
    // the deadline stays: a job that does not heed the signal is ended when its time is over
    if (entry.lane === undefined) clearTimeout(entry.timer);
    this.#settle(entry, () => entry.reject(entry.options.signal?.reason), 'cancelled');
  }

  #settle(entry: Entry, settle: () => void, counter: 'completed' | 'failed' | 'timedOut' | 'cancelled'): void {
    if (entry.settled) return;
    entry.settled = true;
    this.#counters[counter] += 1;
    if (this.#waiting.delete(entry)) clearTimeout(entry.timer);
    if (entry.onAbort !== undefined) entry.options.signal?.removeEventListener('abort', entry.onAbort);
    settle();
  }
}

function timingsOf(entry: Entry): Timings {
  const now = performance.now();
  return {
    queueMs: entry.started - entry.submitted,
    runMs: now - entry.started,
    totalMs: now - entry.submitted,
  };
}

function closedError(): EngineError {
  return new EngineError('EngineClosed', 'the engine is shutting down and takes no more requests');
}

function isLost(error: unknown): boolean {
  return error instanceof EngineError && error.code === 'WorkerLost';
}

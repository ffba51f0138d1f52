import { EngineError } from '../engine-error.ts';
import type { EngineLimits } from '../engine-options.ts';
import type { EngineStats, RequestOptions } from '../engine.ts';
import type { Job, JobOutput, ModelJob } from '../scoring/job.ts';
import { streamOf } from '../streaming/stream-of.ts';
import { closedError, timeoutError } from './dispatch-errors.ts';
import type { Lane } from './lane.ts';
import { batchPlace, joinJobs, splitOutput } from './micro-batching.ts';
import type { BatchingOptions } from './micro-batching.ts';
import { PendingRequest } from './pending-request.ts';
import type { Dispatched } from './pending-request.ts';

/** Requests that run together on a lane; one, unless they were joined to a batch. */
interface Run {
  readonly requests: readonly PendingRequest[];
  readonly lane: Lane;
}

/** What a dispatcher counts. */
export type DispatcherStats = Omit<EngineStats, 'swaps'>;

/** What happened to a request in the end. */
type Outcome = 'completed' | 'failed' | 'timedOut' | 'cancelled' | 'rejected';

/** Gives jobs to lanes in the order in which they came, joins those that may be joined, and holds each to its deadline. */
export class Dispatcher {
  readonly #limits: EngineLimits;
  readonly #waiting = new Set<PendingRequest>();
  readonly #idle: Lane[] = [];
  readonly #running = new Map<PendingRequest, Run>();
  readonly #counters: Record<Outcome, number> = { completed: 0, failed: 0, timedOut: 0, cancelled: 0, rejected: 0 };
  #workersReplaced = 0;
  #batching: (Required<BatchingOptions> & { readonly models: ReadonlySet<string> }) | undefined;
  #delay: NodeJS.Timeout | undefined;
  #closed = false;
  readonly #drained = new Set<() => void>();
  #next: () => void = () => this.#startWaiting();

  constructor(limits: EngineLimits) {
    this.#limits = limits;
  }

  get stats(): DispatcherStats {
    return {
      ...this.#counters,
      workersReplaced: this.#workersReplaced,
      waiting: this.#waiting.size,
      running: this.#running.size,
    };
  }

  countReplacedWorker(): void {
    this.#workersReplaced += 1;
  }

  /**
   * From now on joins requests that can be.
   *
   * @param models the names of the models whose rows can be scored together
   */
  batch(options: BatchingOptions, models: ReadonlySet<string>): void {
    this.#batching = { maxDelayMs: 0, ...options, models };
    // not at once: callers that wait for the same answer ask again in the same turn, and should run together
    let scheduled = false;
    this.#next = () => {
      if (scheduled) return;
      scheduled = true;
      setImmediate(() => {
        scheduled = false;
        this.#startWaiting();
      });
    };
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
    for (const request of this.#waiting) this.#reject(request, error, 'failed');
  }

  submit(job: Job, options: RequestOptions): Promise<Dispatched> {
    const refusal = this.#refusal(options);
    if (refusal !== undefined) {
      this.#counters[refusal.outcome] += 1;
      return Promise.reject(refusal.error);
    }
    const request = new PendingRequest(job, options, this.#limits.timeoutMs);
    if (this.#batching !== undefined) request.batch = batchPlace(job, this.#batching.models);
    request.watch({
      deadlinePassed: () => this.#deadlinePassed(request),
      givenUp: () => this.#givenUp(request),
    });
    this.#waiting.add(request);
    this.#next();
    return request.answer;
  }

  /** Refuses new jobs and waits until none is left, at most `milliseconds`; then refuses those that still wait or run. */
  async close(milliseconds: number): Promise<void> {
    this.#closed = true;
    if (this.#waiting.size + this.#running.size > 0) {
      await new Promise<void>((resolve) => {
        const drained = (): void => {
          clearTimeout(timer);
          this.#drained.delete(drained);
          resolve();
        };
        const timer = setTimeout(drained, milliseconds);
        this.#drained.add(drained);
      });
    }
    clearTimeout(this.#delay);
    for (const request of [...this.#waiting, ...this.#running.keys()]) {
      this.#reject(request, closedError(), 'failed');
      request.stopClock();
      this.#running.delete(request);
    }
  }

  #refusal({ signal }: RequestOptions): { error: unknown; outcome: Outcome } | undefined {
    if (this.#closed) return { error: closedError(), outcome: 'rejected' };
    if (signal?.aborted === true) return { error: signal.reason, outcome: 'cancelled' };
    const free = this.#batching === undefined ? this.#idle.length : this.#idle.length * this.#batching.maxSize;
    if (this.#waiting.size < this.#limits.queueLength + free) return undefined;
    const error = new EngineError(
      'QueueFull',
      `cannot take the request: ${this.#waiting.size} requests wait already, which is the limit (queueLength)`,
      { details: { waiting: this.#waiting.size, limit: this.#limits.queueLength } },
    );
    return { error, outcome: 'rejected' };
  }

  #startWaiting(): void {
    while (this.#idle.length > 0) {
      const requests = this.#takeNext();
      if (requests.length === 0) return;
      for (const request of requests) this.#waiting.delete(request);
      void this.#run(requests, this.#idle.shift() as Lane);
    }
  }

  /** The oldest request, and those right behind it that may be joined with it. */
  #takeNext(): readonly PendingRequest[] {
    const [first] = this.#waiting;
    const batching = this.#batching;
    if (first === undefined) return [];
    if (batching === undefined || first.batch === undefined) return [first];
    const { key } = first.batch;
    const taken: PendingRequest[] = [];
    let rows = 0;
    for (const request of this.#waiting) {
      const own = request.batch?.key === key ? request.batch.rows : undefined;
      // those behind one that cannot join wait for it: nobody is overtaken
      if (own === undefined || (taken.length > 0 && rows + own > batching.maxSize)) return taken;
      taken.push(request);
      rows += own;
    }
    const wait = batching.maxDelayMs - (performance.now() - first.submitted);
    if (rows >= batching.maxSize || wait <= 0) return taken;
    clearTimeout(this.#delay);
    this.#delay = setTimeout(() => this.#startWaiting(), wait);
    return [];
  }

  async #run(requests: readonly PendingRequest[], lane: Lane): Promise<void> {
    const run: Run = { requests, lane };
    for (const request of requests) {
      request.start();
      this.#running.set(request, run);
    }
    try {
      const timeoutMs = Math.max(1, ...requests.map((request) => request.timeLeft));
      const [{ options }] = requests as [PendingRequest];
      const output = await lane.run(jobOf(requests), { requestId: options.requestId, timeoutMs });
      const stream = streamOf(output);
      // a stream has clocks of its own
      if (stream !== undefined) for (const request of requests) request.stopClock();
      this.#answer(requests, output);
      await stream?.finished;
    } catch (error) {
      this.#failed(requests, error);
    }
    for (const request of requests) {
      if (request.running) request.stopClock();
      this.#running.delete(request);
    }
    this.#checkDrained();
    // one that ended is replaced by another, which its owner adds
    if (!lane.ended) this.addLane(lane);
  }

  #answer(requests: readonly PendingRequest[], output: JobOutput): void {
    const outputs =
      requests.length === 1
        ? [output]
        : splitOutput(
            output,
            requests.map((request) => request.batch?.rows ?? 0),
          );
    if (outputs === undefined) {
      this.#again(requests);
      return;
    }
    const joined = requests.length === 1 ? undefined : joinedOf(requests);
    requests.forEach((request, i) => {
      // what nobody waits for is not read
      if (request.settled) {
        streamOf(outputs[i])?.cancel();
        return;
      }
      this.#counters.completed += 1;
      request.resolve(outputs[i] as JobOutput, joined);
    });
  }

  #failed(requests: readonly PendingRequest[], error: unknown): void {
    // which one of a batch is to blame is found out by running each alone
    if (requests.length > 1) this.#again(requests);
    else for (const request of requests) this.#reject(request, error, 'failed');
  }

  /** Puts requests back to the head of the queue, each to run alone. */
  #again(requests: readonly PendingRequest[]): void {
    const others = [...this.#waiting];
    this.#waiting.clear();
    for (const request of requests) {
      if (request.settled) continue;
      request.restart();
      this.#waiting.add(request);
    }
    for (const request of others) this.#waiting.add(request);
  }

  #deadlinePassed(request: PendingRequest): void {
    const run = this.#running.get(request);
    const error = timeoutError(request, this.#running.size);
    this.#reject(request, error, 'timedOut');
    // in a batch, the last deadline decides
    if (run?.requests.every((other) => other.settled && other.timeLeft <= 1) === true) run.lane.end();
  }

  #givenUp(request: PendingRequest): void {
    const run = this.#running.get(request);
    this.#reject(request, request.options.signal?.reason, 'cancelled');
    if (run?.requests.every((other) => other.settled) === true) run.lane.cancel();
  }

  #reject(request: PendingRequest, error: unknown, outcome: Outcome): void {
    this.#waiting.delete(request);
    if (request.settled) return;
    this.#counters[outcome] += 1;
    request.reject(error);
    this.#checkDrained();
  }

  #checkDrained(): void {
    if (!this.#closed || this.#waiting.size + this.#running.size > 0) return;
    for (const drained of this.#drained) drained();
  }
}

function jobOf(requests: readonly PendingRequest[]): Job {
  const [first] = requests as [PendingRequest];
  return requests.length === 1 ? first.job : joinJobs(requests.map((request) => request.job as ModelJob));
}

function joinedOf(requests: readonly PendingRequest[]): { readonly requests: number; readonly rows: number } {
  return { requests: requests.length, rows: requests.reduce((rows, { batch }) => rows + (batch?.rows ?? 0), 0) };
}

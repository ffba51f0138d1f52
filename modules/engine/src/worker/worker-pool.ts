import { messageOf } from '@edgewright/contract';
import { EngineError } from '../engine-error.ts';
import type { EngineLogger } from '../engine-logger.ts';
import type { EngineLimits } from '../engine-options.ts';
import type { Dispatcher } from '../execution/dispatcher.ts';
import type { UnitConfig, UnitDescription } from '../scoring/unit-config.ts';
import { startProcess } from './start-process.ts';
import type { StartCarrier } from './worker-carrier.ts';
import { WorkerLane } from './worker-lane.ts';

export interface WorkerPoolOptions {
  readonly size: number;
  readonly program: URL;
  readonly config: UnitConfig;
  readonly limits: EngineLimits;
  readonly log: EngineLogger;
  readonly dispatcher: Dispatcher;
  readonly start: StartCarrier;
}

const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 30_000;
const MEMORY_CHECK_MS = 250;
const CLOSE_MS = 2000;

/** Keeps a number of workers alive and gives them to the dispatcher. */
export class WorkerPool implements AsyncDisposable {
  readonly #options: WorkerPoolOptions;
  readonly #lanes = new Set<WorkerLane>();
  // ended, but not gone: threads that native code has not given back
  readonly #lingering = new Set<Promise<void>>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #config: UnitConfig;
  #started = 0;
  #closed = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#config = options.config;
    const check = setInterval(() => void this.#checkMemory(), MEMORY_CHECK_MS);
    check.unref();
    this.#timers.add(check);
  }

  /**
   * Starts all workers; the first one alone, because what it cannot load the others cannot either. They take no jobs
   * until `addLanes`.
   *
   * @throws EngineError what the unit threw
   */
  async open(): Promise<{ description: UnitDescription; first: WorkerLane }> {
    const first = this.#newLane();
    const description = await first.open();
    // the others need not choose again, and must not choose differently
    this.#config = { ...this.#config, backend: description.backend };
    const others = Array.from({ length: this.#options.size - 1 }, () => this.#newLane());
    await Promise.all(others.map((lane) => lane.open()));
    return { description, first };
  }

  /** Gives the workers to the dispatcher. */
  addLanes(): void {
    for (const lane of this.#lanes) this.#options.dispatcher.addLane(lane);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    await Promise.all([...this.#lanes].map((lane) => (lane.busy ? lane.kill('the engine was closed') : lane.close(CLOSE_MS)))); // prettier-ignore
  }

  #newLane(): WorkerLane {
    const { program, limits, log, size } = this.#options;
    // threads that native code does not give back cannot be ended: those that follow them must be
    const start = this.#lingering.size > size ? startProcess : this.#options.start;
    this.#started += 1;
    const lane = new WorkerLane({
      number: this.#started,
      program,
      config: this.#config,
      memoryMb: limits.workerMemoryMb,
      startMs: limits.startMs,
      log,
      start,
      onEnd: (ended, how) => this.#laneEnded(ended, how),
    });
    this.#lanes.add(lane);
    return lane;
  }

  #laneEnded(lane: WorkerLane, how: string): void {
    const wasReady = this.#lanes.delete(lane) && lane.ready;
    this.#options.dispatcher.removeLane(lane);
    // a worker that ended while it loaded is dealt with by whoever opened it
    if (this.#closed || !wasReady) return;
    this.#options.dispatcher.countReplacedWorker();
    this.#options.log.warn({ event: 'engine.worker.lost', how }, `a worker is gone and is replaced: ${how}`);
    const gone = lane.gone.finally(() => this.#lingering.delete(gone));
    this.#lingering.add(gone);
    void this.#replace(FIRST_RETRY_MS);
  }

  async #replace(retryMs: number): Promise<void> {
    try {
      const lane = this.#newLane();
      await lane.open();
      if (this.#closed) await lane.close(CLOSE_MS);
      else this.#options.dispatcher.addLane(lane);
    } catch (cause) {
      if (this.#closed) return;
      const reason = messageOf(cause);
      this.#options.log.error(
        { event: 'engine.worker.notReplaced', reason, retryMs },
        `no worker could be started in place of the lost one, next try in ${retryMs} ms: ${reason}`,
      );
      if (this.#lanes.size === 0) {
        this.#options.dispatcher.failWaiting(
          new EngineError('WorkerLost', `no worker is left, and none could be started: ${reason}`, { cause }),
        );
      }
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        void this.#replace(Math.min(retryMs * 2, LAST_RETRY_MS));
      }, retryMs);
      this.#timers.add(timer);
    }
  }

  async #checkMemory(): Promise<void> {
    await Promise.all([...this.#lanes].map((lane) => lane.checkMemory()));
  }
}

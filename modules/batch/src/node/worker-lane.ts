import { setTimeout as sleep } from 'node:timers/promises';
import { BatchError } from '../batch-error.ts';
import type { WorkerTask } from '../worker/protocol.ts';
import { WorkerProcess } from './worker-process.ts';
import type { TaskOutcome, WorkerProcessOptions } from './worker-process.ts';

export interface WorkerLaneOptions {
  readonly process: WorkerProcessOptions;
  readonly timeoutMs: number;
  /** Hears how a worker was started, and that one was lost. */
  readonly onStart: (description: string, isReplacement: boolean) => void;
  readonly signal: AbortSignal;
}

/** A worker that does not come up is tried so often, with a wait in between: its machine may be short of memory for a moment. */
const STARTS = 3;
const FIRST_WAIT_MS = 500;
const CLOSE_MS = 5000;

/** A place for a worker: what was lost is replaced when the next task comes. */
export class WorkerLane implements AsyncDisposable {
  readonly #options: WorkerLaneOptions;
  #worker: WorkerProcess | undefined;
  #starts = 0;

  constructor(options: WorkerLaneOptions) {
    this.#options = options;
  }

  get processId(): number | undefined {
    return this.#worker?.hasEnded === false ? this.#worker.processId : undefined;
  }

  /** @throws BatchError `WorkersNotStarted` */
  async open(): Promise<WorkerProcess> {
    if (this.#worker?.hasEnded === false) return this.#worker;
    for (let attempt = 1; ; attempt += 1) {
      this.#options.signal.throwIfAborted();
      try {
        const { worker, description } = await WorkerProcess.start(this.#options.process);
        this.#worker = worker;
        this.#starts += 1;
        this.#options.onStart(description, this.#starts > 1);
        return worker;
      } catch (error) {
        // what a model or init() refuses it refuses always
        const isFinal = !(error instanceof BatchError) || error.details['isRefusal'] === true;
        if (isFinal || attempt >= STARTS) throw error;
        await sleep(FIRST_WAIT_MS * 2 ** (attempt - 1), undefined, { signal: this.#options.signal });
      }
    }
  }

  /** @throws BatchError `WorkersNotStarted`; what `signal.reason` is, when the signal fires */
  async run(task: WorkerTask): Promise<TaskOutcome> {
    const worker = await this.open();
    const { signal, timeoutMs } = this.#options;
    const stop = () => void worker.kill();
    signal.addEventListener('abort', stop, { once: true });
    try {
      const outcome = await worker.run(task, timeoutMs);
      signal.throwIfAborted();
      return outcome;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#worker?.hasEnded === false) await this.#worker.close(CLOSE_MS);
  }
}

import type { Job, JobOutput, JobRequest } from '../scoring/job.ts';
import type { ScoringUnit } from '../scoring/scoring-unit.ts';
import type { WorkerLane } from '../worker/worker-lane.ts';
import { answerInProcess } from '../streaming/stream-in-process.ts';
import type { Lane } from './lane.ts';

export interface InlineLaneOptions {
  readonly unit: ScoringUnit;
  /** Jobs for which this thread is not the place, because they would hold it for too long. */
  readonly large?: {
    /** Elements in the inputs of a job, from which on it is large. */
    readonly elements: number;
    /** Starts a worker. Called when the first large job comes, and again when that worker was lost. */
    readonly openWorker: () => Promise<WorkerLane>;
  };
}

const CLOSE_MS = 2000;

/** A lane on the caller's own thread: no hop, but the thread does nothing else while the runtime works. */
export class InlineLane implements Lane, AsyncDisposable {
  readonly ended = false;
  readonly #options: InlineLaneOptions;
  #worker: Promise<WorkerLane> | undefined;
  #large: WorkerLane | undefined;
  #running = new AbortController();

  constructor(options: InlineLaneOptions) {
    this.#options = options;
  }

  async run(job: Job, request: JobRequest): Promise<JobOutput> {
    const { unit, large } = this.#options;
    if (large !== undefined && elementsOf(job) >= large.elements) return this.#runLarge(job, request);
    // most jobs are never cancelled: a controller is used until it is spent
    if (this.#running.signal.aborted) this.#running = new AbortController();
    const output = await unit.run(job, request, this.#running.signal);
    return 'made' in output ? { answer: answerInProcess(output.made, request) } : output;
  }

  cancel(): void {
    if (this.#large === undefined) this.#running.abort();
    else this.#large.cancel();
  }

  end(): void {
    if (this.#large === undefined) this.#running.abort();
    else this.#large.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const worker = await this.#worker?.catch(() => undefined);
    await worker?.close(CLOSE_MS);
    await this.#options.unit[Symbol.asyncDispose]();
  }

  async #runLarge(job: Job, request: JobRequest): Promise<JobOutput> {
    this.#worker ??= this.#options.large?.openWorker();
    try {
      this.#large = await this.#worker;
      if (this.#large === undefined) throw new TypeError('there is no worker for large jobs');
      return await this.#large.run(job, request);
    } finally {
      // a worker that did not start or was lost is not asked again
      if (this.#large?.ended !== false) this.#worker = undefined;
      this.#large = undefined;
    }
  }
}

function elementsOf(job: Job): number {
  if (job.kind !== 'model') return 0;
  let elements = 0;
  for (const name of Object.keys(job.inputs)) elements += job.inputs[name]?.data.length ?? 0;
  return elements;
}

import type { Job, JobOutput, JobRequest } from '../scoring/job.ts';

/** Where jobs run, one at a time: this thread, a worker thread or a child process. */
export interface Lane {
  /** True once it takes no more jobs: it was ended, or ended on its own. */
  readonly ended: boolean;
  /** @throws EngineError of the job; `WorkerLost` when a worker ended under it */
  run(job: Job, request: JobRequest): Promise<JobOutput>;
  /**
   * Sends a job ahead while another runs, so that it begins as soon as that one is done. `run` with the same job then waits
   * for it; with another job, it is given up. Nothing is lost with the lane: the job's arrays stay with the caller.
   */
  prepare?(job: Job, request: JobRequest): void;
  /** Tells the running job that nobody waits for it any more. */
  cancel(): void;
  /** Ends the job that runs, because its time is over, if need be with the lane. A job on this thread cannot be ended. */
  end(): void;
}

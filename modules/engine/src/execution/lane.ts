import type { Job, JobOutput, JobRequest } from '../scoring/job.ts';

/** Where jobs run, one at a time: this thread, a worker thread or a child process. */
export interface Lane {
  /** @throws EngineError of the job; `WorkerLost` when the lane ended under it */
  run(job: Job, request: JobRequest): Promise<JobOutput>;
  /** Tells the running job that nobody waits for it any more. */
  cancel(): void;
  /**
   * Ends the lane with the job that runs, because the job's time is over.
   *
   * @returns false when it cannot be ended (it runs on this thread): then the lane stays taken until the job is done
   */
  end(): boolean;
}

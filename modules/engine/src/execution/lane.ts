import type { Job, JobOutput, JobRequest } from '../scoring/job.ts';

/** Where jobs run, one at a time: this thread, a worker thread or a child process. */
export interface Lane {
  /** True once it takes no more jobs: it was ended, or ended on its own. */
  readonly ended: boolean;
  /** @throws EngineError of the job; `WorkerLost` when a worker ended under it */
  run(job: Job, request: JobRequest): Promise<JobOutput>;
  /** Tells the running job that nobody waits for it any more. */
  cancel(): void;
  /** Ends the job that runs, because its time is over, if need be with the lane. A job on this thread cannot be ended. */
  end(): void;
}

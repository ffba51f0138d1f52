import type { BatchJob } from './batch-job.ts';

type Settled =
  | 'errorThreshold'
  | 'allowedFailedCount'
  | 'allowedFailedPercent'
  | 'outputAction'
  | 'appendRowFileName'
  | 'nodeCount'
  | 'runInvocationTimeout'
  | 'runMaxTry'
  | 'loggingLevel'
  | 'delimiter'
  | 'header'
  | 'rowsPerRun';

/** A job in which every setting that has a default has a value. */
export type SettledBatchJob = BatchJob & { readonly [Key in Settled]-?: NonNullable<BatchJob[Key]> };

/** Azure ML's defaults, and edgewright's own. */
export const batchDefaults = {
  errorThreshold: -1,
  allowedFailedCount: -1,
  allowedFailedPercent: 100,
  outputAction: 'append_row',
  appendRowFileName: 'parallel_run_step.txt',
  nodeCount: 1,
  runInvocationTimeout: 60,
  runMaxTry: 3,
  loggingLevel: 'INFO',
  delimiter: ',',
  header: true,
  rowsPerRun: 1024,
} as const satisfies { readonly [Key in Settled]: BatchJob[Key] };

/** Puts the defaults under what a job says. */
export function settleBatchJob(job: BatchJob): SettledBatchJob {
  const given = Object.fromEntries(Object.entries(job).filter(([, value]) => value !== undefined));
  return { ...batchDefaults, ...given } as unknown as SettledBatchJob;
}

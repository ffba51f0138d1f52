import type { BatchClusterSettings, BatchJob, BatchProgress } from '@edgewright/contract';
import type { KubernetesManifest } from '../aks/kubernetes-manifest.ts';
import type { PlannedChange } from '../planned-change.ts';

// A batch engine starts the scorer of an image with `main.mjs batch run --job PLACE --shard I/N`, N times. PLACE is a folder or a
// prefix of a container of Azure Blob Storage that all nodes reach, and holds everything of the job (`batchPaths` of the contract):
// `job.json`, written by `submit`; `plan.jsonl`, written by whichever node is first; a part for each mini-batch that is done, so that
// a node that is killed and started anew goes on where it was; `nodes/I/status.json`; `result.json`, written by the node that finds
// all parts there, which is the last one. An engine therefore needs no scheduler and no database: it starts N programs, adds up what
// their states say (`combineBatchStatus`) and, to end the job, puts the object `cancel` there.

/** A batch job that is wanted. */
export interface BatchSpec {
  readonly name: string;
  readonly job: BatchJob;
  /** What runs: the app root on this machine for `local`, an image that the target can pull for the others. */
  readonly artifact: string;
  /** `NAME:VERSION` of each model. */
  readonly models: readonly string[];
  /** The name of the compute target, where there can be several. */
  readonly computeTarget?: string;
  /** What its pods get there, for a cluster. */
  readonly cluster?: BatchClusterSettings | undefined;
}

/** What submitting would do. Nothing was done yet. */
export interface BatchPlan {
  readonly spec: BatchSpec;
  readonly changes: readonly PlannedChange[];
  /** What of the job this engine cannot do as it was asked for. */
  readonly notes: readonly string[];
  /** For `aks`: the objects that it is to be. */
  readonly objects?: readonly KubernetesManifest[];
}

/** A file that a job wrote. */
export interface BatchOutputFile {
  readonly name: string;
  readonly sizeBytes: number;
  /** A path, or an address. */
  readonly place: string;
}

/** A place where batch jobs run. Everything is done by the name of the job, so it works from any process. */
export interface BatchEngine {
  readonly computeType: 'local' | 'aks';
  /** How often it may be asked, in milliseconds. */
  readonly pollMs: number;
  /** Says what submitting would do. Changes nothing. */
  plan(spec: BatchSpec): Promise<BatchPlan>;
  /** Starts the job, or goes on with one that ended early, and returns. Mini-batches that are done are not done again. */
  submit(plan: BatchPlan): Promise<void>;
  /** Undefined when there is nothing of that name. */
  observe(spec: BatchSpec): Promise<BatchProgress | undefined>;
  /** Asks the job to end, and returns; what is done stays. */
  cancel(spec: BatchSpec): Promise<void>;
  /** The files of the output, once the job has ended. */
  results(spec: BatchSpec): Promise<readonly BatchOutputFile[]>;
  /** The last lines of a log, by its path below `logs/`; default the overview. */
  logs(
    spec: BatchSpec,
    options: { readonly file?: string | undefined; readonly lines: number },
  ): Promise<readonly string[]>;
  /** Paths below `logs/`. */
  logFiles(spec: BatchSpec): Promise<readonly string[]>;
  /** Ends the job and forgets it. Its output stays. */
  remove(spec: BatchSpec): Promise<void>;
}

import type { SettledBatchJob } from '@edgewright/contract';
import type { EngineOptions } from '@edgewright/engine';
import type { Logger } from '@edgewright/telemetry';
import type { BlobAccess } from '../places/blob-place.ts';
import type { Place } from '../places/place.ts';
import type { JobLog } from './job-log.ts';
import type { NodeProgress } from './node-progress.ts';
import type { WorkerProgram } from './worker-process.ts';

export interface RunBatchNodeOptions {
  /** Where the job stands: a folder, or an address of Azure Blob Storage. */
  readonly place: string;
  readonly access: BlobAccess;
  /** Which node of the job this is. */
  readonly shard: { readonly index: number; readonly count: number };
  /** What workers load. */
  readonly engine: Omit<EngineOptions, 'log' | 'signal' | 'workerProgram' | 'execution'>;
  readonly start: WorkerProgram;
  /** Processors of this node: as many workers unless the job says how many. */
  readonly processors: number;
  /** Of this process, for whoever looks at the state. */
  readonly processId: number;
  readonly logger: Logger;
  /** Ends the node; what is done stays done. */
  readonly signal: AbortSignal;
}

/** What the steps of a node share. */
export interface NodeSession {
  readonly options: RunBatchNodeOptions;
  readonly place: Place;
  readonly job: SettledBatchJob;
  readonly log: JobLog;
  readonly progress: NodeProgress;
  readonly say: (text: string) => void;
  readonly node: string;
  readonly signal: AbortSignal;
}

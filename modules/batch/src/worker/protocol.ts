import type { BatchJob } from '@edgewright/contract';
import type { EngineOptions } from '@edgewright/engine';
import type { MiniBatch, TableFile } from '../input/mini-batch.ts';
import type { MiniBatchResult } from '../score/result-lines.ts';
import type { BlobAccess } from '../places/blob-place.ts';

/** What a worker is started with. Plain data. */
export interface WorkerConfig {
  /** Where the job stands. */
  readonly place: string;
  readonly access: BlobAccess;
  readonly job: BatchJob;
  readonly engine: Omit<EngineOptions, 'log' | 'signal' | 'workerProgram' | 'execution'>;
}

/** What a worker is to do. */
export interface WorkerTask {
  readonly batch: MiniBatch;
  readonly table?: TableFile | undefined;
  readonly attempt: number;
  /** Items, the end not included; all of them unless a mini-batch is tried in parts. */
  readonly from: number;
  readonly to: number;
}

export type ToWorker =
  | { readonly kind: 'open'; readonly config: WorkerConfig }
  | { readonly kind: 'task'; readonly task: WorkerTask }
  | { readonly kind: 'close' };

/** A failure, as it crosses to whoever started the worker. */
export interface WorkerFailure {
  readonly message: string;
  readonly code?: string;
}

/** Counts of a mini-batch; its lines are in its part already, or come along when only a part was tried. */
export type TaskDone = Omit<MiniBatchResult, 'rows' | 'failures'> & Partial<Pick<MiniBatchResult, 'rows' | 'failures'>>;

export type FromWorker =
  | { readonly kind: 'ready'; readonly description: string }
  | { readonly kind: 'notOpened'; readonly failure: WorkerFailure }
  | { readonly kind: 'done'; readonly done: TaskDone }
  | { readonly kind: 'failed'; readonly failure: WorkerFailure }
  | { readonly kind: 'log'; readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly text: string };

/** What connects a worker with whoever started it. */
export interface WorkerChannel {
  send(message: FromWorker): void;
  /** Calls for each message; once. */
  receive(take: (message: ToWorker) => void): void;
}

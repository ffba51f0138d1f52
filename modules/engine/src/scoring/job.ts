import type { NamedTensors } from '../tensor.ts';

/** One thing to do on a lane. Crosses threads, so it is plain data. */
export type Job = ScriptJob | ModelJob | ImageJob;

/** Calls `run()` of the entry script. */
export interface ScriptJob {
  readonly kind: 'script';
  readonly data: unknown;
}

/** Runs a model on tensors that were checked. */
export interface ModelJob {
  readonly kind: 'model';
  readonly model: string;
  readonly inputs: NamedTensors;
}

/** Reads an image by what was declared, and runs the only model on it. */
export interface ImageJob {
  readonly kind: 'image';
  readonly bytes: Uint8Array;
}

/** What a job gives: a JSON value from the entry script, tensors from a model. */
export type JobOutput = { readonly value: unknown } | { readonly outputs: NamedTensors };

/** What goes with a job. */
export interface JobRequest {
  readonly requestId: string;
  /** Milliseconds left until the deadline when the job is started. */
  readonly timeoutMs: number;
}

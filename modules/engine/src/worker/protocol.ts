import type { ErrorDetails } from '@edgewright/contract';
import type { AnswerHead, Job, JobOutput, JobRequest } from '../scoring/job.ts';
import type { UnitConfig, UnitDescription } from '../scoring/unit-config.ts';

/** Levels in which workers log. */
export type WorkerLogLevel = 'debug' | 'info' | 'warn' | 'error';

/** An error on its way between threads or processes. */
export interface PlainError {
  /** A code of the engine; absent for anything else that was thrown. */
  readonly code?: string;
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly details?: ErrorDetails;
  readonly cause?: PlainError;
}

/** From the host to a worker. The first message is `open`. */
export type HostMessage =
  | { readonly type: 'open'; readonly config: UnitConfig; readonly memoryMb: number }
  | { readonly type: 'run'; readonly id: number; readonly job: Job; readonly request: JobRequest }
  | { readonly type: 'cancel'; readonly id: number }
  /** One more piece of the stream may come. */
  | { readonly type: 'more'; readonly id: number }
  | { readonly type: 'close' };

/** From a worker to its host. */
export type WorkerMessage =
  | { readonly type: 'opened'; readonly description: UnitDescription }
  | { readonly type: 'notOpened'; readonly error: PlainError }
  | { readonly type: 'done'; readonly id: number; readonly output: JobOutput; readonly runMs: number }
  /** The head of an answer that is streamed: pieces follow, then `ended` or `failed`. */
  | { readonly type: 'answered'; readonly id: number; readonly head: AnswerHead; readonly runMs: number }
  | { readonly type: 'piece'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly type: 'ended'; readonly id: number }
  | { readonly type: 'failed'; readonly id: number; readonly error: PlainError }
  | {
      readonly type: 'log';
      readonly level: WorkerLogLevel;
      readonly facts: Readonly<Record<string, unknown>>;
      readonly text: string;
    };

/** The arrays in named tensors that can be handed over instead of copied. */
export function transferable(tensors: Readonly<Record<string, { readonly data: unknown }>>): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const name of Object.keys(tensors)) {
    const data = tensors[name]?.data;
    if (!ArrayBuffer.isView(data) || !(data.buffer instanceof ArrayBuffer)) continue;
    // an array that is a part of a larger buffer is copied: handing the buffer over would take the rest with it
    if (data.byteLength === data.buffer.byteLength) buffers.add(data.buffer);
  }
  return [...buffers];
}

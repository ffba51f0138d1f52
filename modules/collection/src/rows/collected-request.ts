import type { SamplingReason } from '@edgewright/contract';
import type { NamedTensors } from '@edgewright/engine';

/** What went in or came out, as it is handed to the collector's thread: plain data. */
export type CollectedPayload =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'tensors'; readonly tensors: NamedTensors }
  /** An image, or the body of a request or an answer; `isJson` when it says that it is JSON. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly isJson?: boolean }
  /** There is nothing that could be kept, such as an answer that is streamed. */
  | { readonly kind: 'nothing' };

/** A request that is kept, before it is made rows of. */
export interface CollectedRequest {
  readonly requestId: string;
  readonly correlationId?: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly host: string;
  readonly model: string;
  readonly version: string;
  readonly sampledBy: SamplingReason;
  readonly inputs: CollectedPayload;
  readonly predictions: CollectedPayload;
  /** What the values are called that have no name, when the model has one input, or one output. */
  readonly inputName?: string;
  readonly outputName?: string;
}

import type { MiniBatchFacts } from '../entry/mini-batch.ts';
import type { NamedTensors } from '../tensor.ts';

/** One thing to do on a lane. Crosses threads, so it is plain data. */
export type Job = ScriptJob | ModelJob | ImageJob;

/** Calls `run()` of the entry script. */
export interface ScriptJob {
  readonly kind: 'script';
  readonly data: unknown;
  /** The request as it came over HTTP; absent when it came in another way. */
  readonly http?: HttpCall;
  /** What it is about in a batch job: what `run()` returns is read as a list of outcomes then. */
  readonly miniBatch?: MiniBatchFacts;
}

/** A request over HTTP, as plain data. */
export interface HttpCall {
  readonly method: string;
  /** Path and query: `/score?a=1`. */
  readonly url: string;
  /** Names in lower case; a name may come more than once. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Empty for a script that takes data, which get the body parsed. */
  readonly body: Uint8Array;
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

/** What a job gives: a JSON value or a whole answer from the entry script, tensors from a model. */
export type JobOutput =
  | { readonly value: unknown }
  | { readonly outputs: NamedTensors }
  | { readonly answer: ScriptAnswer };

/** The answer of an entry script that said more than a value: its status and headers, and a body that is no JSON. */
export interface ScriptAnswer extends AnswerHead {
  readonly body: Uint8Array | ByteStream;
}

/** An answer without its body. Plain data. */
export interface AnswerHead {
  /** From 200 to 599. */
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Azure ML's `x-ms-run-function-failed`: the script says so, or the status is 500 or above. */
  readonly failed: boolean;
}

/** Bytes that are still being made. Whoever gets one iterates it once or cancels it: the script waits for that. */
export interface ByteStream extends AsyncIterable<Uint8Array> {
  /** Resolves when the script is done with it, in whichever way. Never rejects. */
  readonly finished: Promise<void>;
  /** Tells the script that nobody reads any more. */
  cancel(): void;
}

/** What goes with a job. */
export interface JobRequest {
  readonly requestId: string;
  /** Milliseconds left until the deadline when the job is started; then, of a stream, from chunk to chunk. */
  readonly timeoutMs: number;
}

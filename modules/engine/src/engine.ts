import type { Datatype, ModelSignature } from '@edgewright/contract';
import type { ExecutionMode } from './execution/execution-mode.ts';
import type { SwapOptions } from './engine-options.ts';
import type { ClassPlan } from './images/classify.ts';
import type { HttpCall, ScriptAnswer } from './scoring/job.ts';
import type { MiniBatchFacts } from './entry/mini-batch.ts';
import type { ScriptDescription } from './entry/script-description.ts';
import type { NamedTensors } from './tensor.ts';

/** A backend that runs models. */
export type BackendName = 'onnx' | 'wasm' | 'tfjs' | 'fpga';

/** What a model takes or gives, as the engine found it when it loaded the model. */
export interface LoadedModel {
  readonly name: string;
  readonly version: number;
  readonly signature: ModelSignature;
  /** What runs it, where that is not what the description of the engine says of all its models. */
  readonly backend?: BackendName;
}

/** How the engine came to run requests the way it does. */
export interface ExecutionDescription {
  readonly mode: ExecutionMode;
  /** Workers or processes; 0 for inline. */
  readonly workers: number;
  /** Threads that one session may use for one run. */
  readonly threads: number;
  /** Why this mode, in a sentence. */
  readonly reason: string;
  /** Milliseconds of one run at warm-up and of one hop to a worker and back, where they were measured. */
  readonly measured?: { readonly runMs: number; readonly hopMs: number };
}

export interface EngineDescription {
  readonly models: readonly LoadedModel[];
  readonly backend: BackendName;
  /** Why this backend, in a sentence. */
  readonly backendReason: string;
  readonly execution: ExecutionDescription;
  /** The models of which requests are joined to batches; absent or empty when there is none. */
  readonly batched?: readonly string[];
  /** True when images can be scored as they are, by a declared `preprocess`. */
  readonly images?: boolean;
  /** How scores become classes, when `postprocess` was declared. */
  readonly classes?: ClassPlan;
  /** True when requests go through an entry script. */
  readonly entryScript: boolean;
  /** What the entry script says of itself; absent when there is none. */
  readonly script?: ScriptDescription;
}

/** Counters since the engine was made, and what is going on now. */
export interface EngineStats {
  readonly waiting: number;
  readonly running: number;
  readonly completed: number;
  readonly failed: number;
  readonly timedOut: number;
  readonly rejected: number;
  readonly cancelled: number;
  /** Workers that ended on their own or were ended after a deadline, and were replaced. */
  readonly workersReplaced: number;
  /** How often other models took over. */
  readonly swaps: number;
}

/** What every request carries. */
export interface RequestOptions {
  /** Goes into logs and errors, and to the entry script. */
  readonly requestId: string;
  /** What the caller calls the request; for those who observe the engine. */
  readonly correlationId?: string;
  /** Names this request alone, where `requestId` may be that of several; for those who observe the engine. */
  readonly messageId?: string;
  /** Gives the request up: it leaves the queue, or the worker's answer is dropped. */
  readonly signal?: AbortSignal;
  /** The deadline from the call on, queue included; default `limits.timeoutMs`. */
  readonly timeoutMs?: number;
}

/** A request in JSON terms: to the entry script, or to the model by the conventions of `docs/scoring.md`. */
export interface ScoreRequest extends RequestOptions {
  /** The parsed JSON body; not looked at when there is an image. */
  readonly data: unknown;
  /** The bytes of a JPEG, PNG or WebP file, for a service that takes images. */
  readonly image?: Uint8Array;
  /** The request as it came over HTTP, for an entry script. Without it the answer is always a value. */
  readonly http?: HttpCall;
  /** Makes it a mini-batch of a batch job for the entry script: the value is a `MiniBatchAnswer` then. */
  readonly miniBatch?: MiniBatchFacts;
}

/** A request in tensors, past the entry script. Arrays may be transferred: do not use them afterwards. */
export interface InferRequest extends RequestOptions {
  readonly inputs: NamedTensors;
  /** The model's name; may be left out when there is one model. */
  readonly model?: string;
}

/** Milliseconds, with fractions. */
export interface Timings {
  /** From the call until a worker took the request. */
  readonly queueMs: number;
  /** In the entry script and the model, hop included. */
  readonly runMs: number;
  readonly totalMs: number;
  /** The requests that ran together with this one, itself included, and their rows; absent when it ran alone. */
  readonly joined?: { readonly requests: number; readonly rows: number };
}

export interface ScoreResult {
  /** The engine as it was when it took the request: after a swap, the old models finish what they took. */
  readonly engine: EngineDescription;
  /** What the entry script returned, or the outputs of the model in JSON form. Serialisable as JSON. */
  readonly value: unknown;
  /** What the entry script answered instead of a value, to a request over HTTP: the value is undefined then. */
  readonly answer?: ScriptAnswer;
  readonly timings: Timings;
  readonly backend: BackendName;
}

export interface InferResult {
  /** The engine as it was when it took the request. */
  readonly engine: EngineDescription;
  readonly outputs: NamedTensors;
  readonly timings: Timings;
  readonly backend: BackendName;
}

/** Scores requests with one set of models, and an entry script when there is one. Every host uses this. */
export interface Engine extends AsyncDisposable {
  /**
   * Scores a request in JSON form.
   *
   * @throws EngineError `InputInvalid`, `EntryScriptFailed`, `ScoringFailed`, `ScoringTimeout`, `QueueFull`,
   *   `WorkerLost`, `EngineClosed`; what `signal.reason` is, when the signal fires
   */
  score(request: ScoreRequest): Promise<ScoreResult>;
  /** Runs one model on tensors; the entry script is not asked. Throws as `score` does. */
  infer(request: InferRequest): Promise<InferResult>;
  /**
   * Loads other models beside the ones that are there, warms them up, and lets them take over between two requests. The
   * old ones score what they took and are then released; until then both are in memory. When the new ones do not load or
   * fail their warm-up, nothing changes.
   *
   * @throws EngineError what `createEngine` throws; `SwapInProgress` while another swap is under way; `EngineClosed`
   */
  swap(options: SwapOptions): Promise<EngineDescription>;
  /** The models that take requests now; a swap changes it. */
  describe(): EngineDescription;
  stats(): EngineStats;
  /** Refuses new requests, waits for those that run (at most `limits.drainMs`), then releases everything. */
  [Symbol.asyncDispose](): Promise<void>;
}

export type { Datatype };

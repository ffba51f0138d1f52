import type { BackendChoice, ExecutionProvider, ModelFormat, Postprocess, Preprocess } from '@edgewright/contract';
import type { EngineLogger } from './engine-logger.ts';
import type { ExecutionMode } from './execution/execution-mode.ts';
import type { ScriptSurroundings } from './entry/mini-batch.ts';
import type { BatchingOptions } from './execution/micro-batching.ts';

/** A model to load. */
export interface EngineModel {
  readonly name: string;
  readonly version: number;
  /** Absolute path of the model file. */
  readonly path: string;
  readonly format: ModelFormat;
}

/** Bounds on what the engine takes on itself. */
export interface EngineLimits {
  /** The deadline of a request that names none, in milliseconds, queue included. Default 60 000 (Azure ML's). */
  readonly timeoutMs: number;
  /** Requests that may wait. Default 1000; one more is refused with `QueueFull`. */
  readonly queueLength: number;
  /** Elements in one input tensor. Default 67 108 864 (256 MiB of float32). */
  readonly tensorElements: number;
  /** Pixels in one image. Default 50 000 000. */
  readonly imagePixels: number;
  /** Nesting of JSON arrays and objects in `data`. Default 64. */
  readonly jsonDepth: number;
  /**
   * Megabytes of memory that the script and the requests in one worker may take, buffers included, models not. Default
   * 2048; a worker above it is replaced.
   */
  readonly workerMemoryMb: number;
  /** How long loading, `init()` and warm-up of one worker may take, in milliseconds. Default 120 000. */
  readonly startMs: number;
  /** How long closing waits for requests that run, in milliseconds. Default 10 000. */
  readonly drainMs: number;
}

export const defaultLimits: EngineLimits = {
  timeoutMs: 60_000,
  queueLength: 1000,
  tensorElements: 67_108_864,
  imagePixels: 50_000_000,
  jsonDepth: 64,
  workerMemoryMb: 2048,
  startMs: 120_000,
  drainMs: 10_000,
};

/** What is declared of images and classes; for a model that is served as it is, and defaults for an entry script. */
export interface ImageSettings {
  readonly preprocess?: Preprocess;
  readonly postprocess?: Postprocess;
}

export interface EngineOptions {
  readonly models: readonly EngineModel[];
  /** Absolute path of the entry script; without one the models are served as they are. */
  readonly entryScript?: string;
  /** What the script finds in its context beside the models, in a batch job. */
  readonly scriptSurroundings?: ScriptSurroundings;
  /** Azure's AZUREML_MODEL_DIR, which entry scripts get as `context.modelDirectory`. */
  readonly modelDirectory: string;
  /** What runs the models: a backend, several of which the first that can run is taken, or `auto`. */
  readonly backend: BackendChoice;
  /** Execution providers of ONNX Runtime with their options, the preferred one first; only the backend `onnx` has them. */
  readonly executionProviders?: readonly ExecutionProvider[];
  readonly limits?: Partial<EngineLimits>;
  /**
   * Default `auto`: with an entry script `process`, because only a process can be ended whatever the script does; without
   * one `worker`, or `inline` when a run costs less than a hop to a worker and back, measured at warm-up
   * (docs/decisions/0020).
   */
  readonly execution?: 'auto' | ExecutionMode;
  /** Workers to keep; default 1. */
  readonly workers?: number;
  /** Threads that one session may use; default: the processors divided by the workers, at least 1. */
  readonly threads?: number;
  readonly images?: ImageSettings;
  /** Joins concurrent requests to one run, for models whose first dimension is free. Off unless given. */
  readonly batching?: BatchingOptions;
  /**
   * Requests in JSON form that are scored before the engine is given out, by each worker unless requests are joined; one
   * that fails keeps the engine back. Without them the models run once on zeros, which may fail.
   */
  readonly warmUp?: readonly unknown[];
  readonly log?: EngineLogger;
  /** The worker's program; default: found beside the engine, as source or as `worker.mjs` beside a bundle. */
  readonly workerProgram?: URL;
  /** Gives up starting. Closing a started engine is its `[Symbol.asyncDispose]`. */
  readonly signal?: AbortSignal;
}

/** What a swap may change; everything else stays as the engine was made. */
export type SwapOptions = Pick<EngineOptions, 'models' | 'modelDirectory'> &
  Partial<
    Pick<
      EngineOptions,
      | 'backend'
      | 'batching'
      | 'entryScript'
      | 'execution'
      | 'executionProviders'
      | 'images'
      | 'signal'
      | 'threads'
      | 'warmUp'
      | 'workers'
    >
  >;

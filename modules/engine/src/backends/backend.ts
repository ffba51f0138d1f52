import type { ExecutionProvider, ModelSignature } from '@edgewright/contract';
import type { BackendName } from '../engine.ts';
import type { EngineLogger } from '../engine-logger.ts';
import type { EngineModel } from '../engine-options.ts';
import type { NamedTensors } from '../tensor.ts';

/** Whether a backend can run on this machine, and why (not), in a sentence for people. */
export interface Availability {
  readonly available: boolean;
  readonly reason: string;
}

export interface LoadOptions {
  /** Threads that one run may use. */
  readonly threads: number;
  /** Execution providers of ONNX Runtime, the preferred one first; only for a backend that takes them. */
  readonly executionProviders?: readonly ExecutionProvider[];
  /** Where a backend says what it does otherwise than asked. */
  readonly log?: EngineLogger;
}

/** A model that is ready to run. One run at a time; whoever loaded it releases it. */
export interface Session {
  readonly signature: ModelSignature;
  /** Outputs that the model has but this backend cannot hand out, such as the maps of sklearn's classifiers. */
  readonly leftOut: readonly string[];
  /**
   * Runs the model on tensors that fit the signature.
   *
   * @throws EngineError `ScoringFailed` with the runtime's reason
   */
  run(inputs: NamedTensors): Promise<NamedTensors>;
  release(): Promise<void>;
}

/** What runs models. Each has a folder of its own with the same file names; `list.ts` names them all. */
export interface Backend {
  readonly name: BackendName;
  /** The model formats that it reads. */
  readonly formats: readonly EngineModel['format'][];
  /** The npm packages that it runs on, the one whose version counts first. */
  readonly packages: readonly string[];
  /** True when it runs native code, in which a thread cannot be ended. */
  readonly native: boolean;
  /** True when execution providers can be chosen for it. */
  readonly takesProviders?: boolean;
  /**
   * Loads the runtime, not a model. Never throws.
   *
   * @param executionProviders which the runtime must have, for a backend that takes them
   */
  probe(executionProviders?: readonly ExecutionProvider[]): Promise<Availability>;
  /** @throws EngineError `ModelNotLoadable`, `BackendUnavailable` with the runtime's reason */
  load(model: EngineModel, options: LoadOptions): Promise<Session>;
}

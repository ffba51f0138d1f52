import type { ModelSignature, Preprocess } from '@edgewright/contract';
import type { EngineLogger } from '../engine.ts';
import type { NamedTensors, Tensor } from '../tensor.ts';

/** A model as entry scripts see it. */
export interface ScriptModel {
  readonly name: string;
  readonly version: number;
  readonly signature: ModelSignature;
  /** Absolute path of the model file. */
  readonly path: string;
  /** Runs the model. Rejects with `InputInvalid` when the tensors do not fit the signature. */
  run(inputs: NamedTensors): Promise<NamedTensors>;
}

/** What `init()` of an entry script gets. */
export interface EntryContext {
  readonly models: {
    /** The model of that name; without a name the only model. */
    get(name?: string): ScriptModel;
    readonly names: readonly string[];
  };
  /** Azure's AZUREML_MODEL_DIR: with one model its version's folder, with several the folder above them all. */
  readonly modelDirectory: string;
  readonly log: EngineLogger;
  /**
   * Reads a JPEG, PNG or WebP file into a tensor for a model's input. Settings that are not given are those of the
   * inference configuration, then what the model's input says.
   *
   * @throws EngineError `PictureInvalid`, `ImageSettingsInvalid`, `ImagesUnavailable`
   */
  decodeImage(bytes: Uint8Array, settings?: Preprocess & { readonly model?: string }): Promise<Tensor>;
}

/** What `run()` of an entry script gets beside the data. */
export interface EntryRequest {
  readonly requestId: string;
  /** Fires when the deadline passes or the caller gives up. */
  readonly signal: AbortSignal;
  /** Makes the error to throw when the data are wrong: the caller gets 400 with this message instead of 500. */
  invalid(message: string, details?: Readonly<Record<string, unknown>>): Error;
}

/** The exports of an entry script. Both may be async. */
export interface EntryScript {
  readonly init?: (context: EntryContext) => unknown;
  readonly run: (data: unknown, request: EntryRequest) => unknown;
}

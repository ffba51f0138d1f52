import type { ModelSignature, Preprocess } from '@edgewright/contract';
import type { EngineLogger } from '../engine-logger.ts';
import type { Declaration } from '../schema/declaration.ts';
import type { NamedTensors, Tensor } from '../tensor.ts';
import type { MiniBatchFacts, ScriptSurroundings } from './mini-batch.ts';
import type { ScriptResponse, ScriptResponseBody, ScriptResponseInit } from './script-response.ts';

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
export interface EntryContext extends ScriptSurroundings {
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
  /** `POST`, or `GET` when the data came in the query. What did not come over HTTP is a POST. */
  readonly method: string;
  /** The headers of the request; empty when it did not come over HTTP. Azure ML's `request_headers`. */
  readonly headers: Headers;
  /** What the call is about, in a batch job; absent elsewhere. */
  readonly miniBatch?: MiniBatchFacts;
  /** Fires when the deadline passes or the caller gives up. */
  readonly signal: AbortSignal;
  /** Makes the error to throw when the data are wrong: the caller gets 400 with this message instead of 500. */
  invalid(message: string, details?: Readonly<Record<string, unknown>>): Error;
  /**
   * Makes an answer with a status, headers and any body, for `run` to return: text, bytes, a JSON value, or an async
   * iterable of text and bytes, which is streamed.
   */
  respond(body: ScriptResponseBody, init?: ScriptResponseInit): ScriptResponse;
}

/** The exports of an entry script. `init` and `run` may be async. */
export interface EntryScript {
  readonly init?: (context: EntryContext) => unknown;
  /** Gets the data, or a `RawRequest` when the script exports `raw = true`. */
  readonly run: (data: never, request: EntryRequest) => unknown;
  /** What a request must be, from a sample: it is checked and converted before `run` gets it. */
  readonly input?: Declaration;
  /** What `run` returns, from a sample; for the documents of the service. */
  readonly output?: Declaration;
  /** True: `run` gets requests as they came over HTTP. Azure ML's `@rawhttp`. */
  readonly raw?: boolean;
}

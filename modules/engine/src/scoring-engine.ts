import { decodeJsonRequest, encodeJsonAnswer } from './codecs/json-request.ts';
import { EngineError } from './engine-error.ts';
import type { EngineLimits } from './engine-options.ts';
import type {
  EngineDescription,
  InferRequest,
  InferResult,
  LoadedModel,
  RequestOptions,
  ScoreRequest,
  ScoreResult,
  Timings,
} from './engine.ts';
import type { Dispatcher, DispatcherStats } from './execution/dispatcher.ts';
import { classify } from './images/classify.ts';
import { checkInputs } from './scoring/check-inputs.ts';
import { checkDepth } from './scoring/check-depth.ts';
import { valueOfAnswer } from './streaming/value-of-answer.ts';
import type { NamedTensors } from './tensor.ts';

/** What an engine is put together from. */
export interface EngineParts {
  readonly description: EngineDescription;
  readonly dispatcher: Dispatcher;
  readonly limits: EngineLimits;
  /** Releases workers and models, after the last request. */
  readonly release: () => Promise<void>;
}

const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** One set of models at work: checks and decodes a request, hands it to the dispatcher, encodes what comes back. */
export class ScoringEngine implements AsyncDisposable {
  readonly #parts: EngineParts;
  #released: Promise<void> | undefined;

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  async score(request: ScoreRequest): Promise<ScoreResult> {
    const { description, dispatcher, limits } = this.#parts;
    const { backend, models } = description;
    checkTimeout(request);
    if (request.image !== undefined) return this.#scoreImage(request.image, request);
    if (!description.entryScript) {
      const { model, inputs, form } = decodeJsonRequest(request.data, models, limits.tensorElements);
      const { outputs, timings } = await this.#infer(model, inputs, request);
      const { classes } = description;
      const named = form === 'rows' && classes !== undefined;
      return {
        value: named ? { predictions: classify(outputs, classes) } : encodeJsonAnswer(outputs, form),
        timings,
        backend,
        engine: description,
      };
    }
    checkDepth(request.data, limits.jsonDepth);
    const { data, http, miniBatch } = request;
    const job = {
      kind: 'script',
      data,
      ...(http === undefined ? {} : { http }),
      ...(miniBatch === undefined ? {} : { miniBatch }),
    } as const;
    const { output, timings } = await dispatcher.submit(job, request);
    const facts = { timings, backend, engine: description };
    if ('value' in output) return { value: output.value, ...facts };
    if (!('answer' in output)) throw new TypeError('an entry script job gave tensors');
    const { answer } = output;
    return http === undefined
      ? { value: await valueOfAnswer(answer), ...facts }
      : { value: undefined, answer, ...facts };
  }

  async infer(request: InferRequest): Promise<InferResult> {
    checkTimeout(request);
    const model = this.#model(request.model);
    const { outputs, timings } = await this.#infer(model, request.inputs, request);
    const { description } = this.#parts;
    return { outputs, timings, backend: description.backend, engine: description };
  }

  describe(): EngineDescription {
    return this.#parts.description;
  }

  stats(): DispatcherStats {
    return this.#parts.dispatcher.stats;
  }

  /** Refuses new requests, waits until each that it has is answered or past its own deadline, then releases everything. */
  async retire(): Promise<void> {
    await this.#close(LONGEST_TIMEOUT_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close(this.#parts.limits.drainMs);
  }

  async #close(drainMs: number): Promise<void> {
    await this.#parts.dispatcher.close(drainMs);
    this.#released ??= this.#parts.release();
    await this.#released;
  }

  async #infer(
    model: LoadedModel,
    inputs: NamedTensors,
    options: RequestOptions,
  ): Promise<{ outputs: NamedTensors; timings: Timings }> {
    const { dispatcher, limits } = this.#parts;
    const { name, version, signature } = model;
    checkInputs({ model: `${name}:${version}`, signature, maxElements: limits.tensorElements }, inputs);
    const { output, timings } = await dispatcher.submit({ kind: 'model', model: name, inputs }, options);
    if (!('outputs' in output)) throw new TypeError('a model job gave no tensors');
    return { outputs: output.outputs, timings };
  }

  async #scoreImage(bytes: Uint8Array, options: RequestOptions): Promise<ScoreResult> {
    const { description, dispatcher } = this.#parts;
    if (description.images !== true) {
      throw new EngineError(
        'InputInvalid',
        'cannot score an image: the service takes none; declare "preprocess" for it',
      );
    }
    const { output, timings } = await dispatcher.submit({ kind: 'image', bytes }, options);
    if (!('outputs' in output)) throw new TypeError('an image job gave no tensors');
    const { classes, backend } = description;
    if (classes === undefined)
      return { value: encodeJsonAnswer(output.outputs, 'rows'), timings, backend, engine: description };
    return {
      value: { predictions: classify(output.outputs, classes)[0] ?? [] },
      timings,
      backend,
      engine: description,
    };
  }

  #model(name: string | undefined): LoadedModel {
    const { models } = this.#parts.description;
    const found = name === undefined && models.length === 1 ? models[0] : models.find((model) => model.name === name);
    if (found !== undefined) return found;
    const known = models.map((model) => model.name);
    const fault = name === undefined ? 'there are several models and none was named' : `there is no model "${name}"`;
    throw new EngineError('InputInvalid', `cannot score: ${fault}; there is ${known.join(', ')}`, {
      details: { model: name, known },
    });
  }
}

function checkTimeout({ timeoutMs }: RequestOptions): void {
  if (timeoutMs === undefined || (timeoutMs > 0 && timeoutMs <= LONGEST_TIMEOUT_MS)) return;
  throw new RangeError(`timeoutMs is ${timeoutMs}; it must be above 0 and at most ${LONGEST_TIMEOUT_MS}`);
}

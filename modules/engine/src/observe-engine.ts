import type { Engine, EngineDescription, InferRequest, ScoreRequest, Timings } from './engine.ts';
import type { HttpCall, ScriptAnswer } from './scoring/job.ts';
import type { NamedTensors, Tensor } from './tensor.ts';

/** What went into the engine. Tensors are copies, which belong to the observer. */
export type ObservedInput =
  | { readonly data: unknown; readonly image?: Uint8Array; readonly http?: HttpCall }
  | { readonly tensors: NamedTensors };

/** What came out. The value and the tensors are what the host answers with: they are read, never changed. */
export type ObservedOutput =
  | { readonly value: unknown; readonly answer?: ScriptAnswer }
  | { readonly tensors: NamedTensors };

/** A request that was scored. */
export interface ScoringObservation {
  /** Of this request alone. */
  readonly requestId: string;
  /** What the caller calls the request, where it says so. */
  readonly correlationId?: string;
  /** Milliseconds since 1970, when the result was there. */
  readonly at: number;
  /** The model that was asked for; without a name the first one, which entry scripts belong to. */
  readonly model?: string;
  /** The engine as it was when it took the request. */
  readonly engine: EngineDescription;
  readonly input: ObservedInput;
  readonly output: ObservedOutput;
  readonly timings: Timings;
}

/** Who looks at scored requests. What it does happens before the host answers: it must be quick, and must not throw. */
export interface EngineObserver {
  /** Asked before tensors are scored, because they have to be copied: scoring may leave them empty. */
  wants(requestId: string): boolean;
  scored(observation: ScoringObservation): void;
}

/** An engine that shows an observer what it scored. Failures are not shown. Everything else is the engine's own. */
export function observeEngine(engine: Engine, observer: EngineObserver): Engine {
  return {
    score: async (request) => {
      const result = await engine.score(request);
      const { value, answer, timings } = result;
      observer.scored({
        ...factsOf(request),
        engine: result.engine,
        input: inputOf(request),
        output: { value, ...(answer === undefined ? {} : { answer }) },
        timings,
      });
      return result;
    },
    infer: async (request) => {
      if (!observer.wants(request.messageId ?? request.requestId)) return engine.infer(request);
      const tensors = copyOf(request.inputs);
      const result = await engine.infer(request);
      observer.scored({
        ...factsOf(request),
        ...(request.model === undefined ? {} : { model: request.model }),
        engine: result.engine,
        input: { tensors },
        output: { tensors: result.outputs },
        timings: result.timings,
      });
      return result;
    },
    swap: (options) => engine.swap(options),
    describe: () => engine.describe(),
    stats: () => engine.stats(),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

function factsOf({ requestId, messageId, correlationId }: ScoreRequest | InferRequest) {
  return {
    requestId: messageId ?? requestId,
    ...(correlationId === undefined ? {} : { correlationId }),
    at: Date.now(),
  };
}

function inputOf({ data, image, http }: ScoreRequest): ObservedInput {
  return { data, ...(image === undefined ? {} : { image }), ...(http === undefined ? {} : { http }) };
}

function copyOf(tensors: NamedTensors): NamedTensors {
  const copies = Object.entries(tensors).map(([name, tensor]): [string, Tensor] => [
    name,
    { ...tensor, data: tensor.data.slice() },
  ]);
  return Object.fromEntries(copies);
}

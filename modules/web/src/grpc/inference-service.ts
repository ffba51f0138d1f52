import { once } from 'node:events';
import type { sendUnaryData, ServerDuplexStream, ServerUnaryCall, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Engine } from '@edgewright/engine';
import { isEdgewrightError, messageOf } from '@edgewright/contract';
import { acceleratorCall } from '@edgewright/telemetry';
import type { Logger, ScoringMetrics, Tracing } from '@edgewright/telemetry';
import type { Authenticator } from '../auth/authenticator.ts';
import { controlModels } from '../repository/control-models.ts';
import type { ModelRepository } from '../repository/model-repository.ts';
import { rowsOf } from '../repository/model-statistics.ts';
import type { ModelStatistics } from '../repository/model-statistics.ts';
import { modelMetadata, repositoryIndex, servedModel, serverMetadata } from '../served-models.ts';
import { openCall } from './grpc-call.ts';
import type { GrpcCall } from './grpc-call.ts';
import { grpcFailure } from './grpc-failure.ts';
import type { GrpcFailure } from './grpc-failure.ts';
import type { ModelInferRequest, ModelInferResponse, RepositoryModelRequest } from './grpc-messages.ts';
import type { Grpc } from './grpc-runtime.ts';
import { dataText, traceInfer } from './grpc-spans.ts';
import { readInferRequest } from './read-infer-request.ts';
import { writeInferResponse } from './write-infer-response.ts';

export interface InferenceServiceOptions {
  readonly grpc: Grpc;
  readonly engine: Engine;
  readonly metrics: ScoringMetrics;
  readonly statistics: ModelStatistics;
  readonly repository?: ModelRepository | undefined;
  readonly authenticator?: Authenticator | undefined;
  readonly logger: Logger;
  readonly tracing?: Tracing | undefined;
  /** Milliseconds that a request may take, when its caller allows more. */
  readonly timeoutMs?: number | undefined;
}

/** Requests of one stream that are scored at once; their answers come in the order of the requests. */
const STREAM_WINDOW = 8;

interface ModelName {
  readonly name: string;
  readonly version: string;
}

type Handle<Request> = (request: Request, call: GrpcCall) => object | Promise<object>;

/** The Open Inference Protocol's `GRPCInferenceService` over an engine. Models are run as they are, past an entry script. */
export function inferenceService(options: InferenceServiceOptions): UntypedServiceImplementation {
  const { engine, repository, statistics } = options;
  const unary = <Request>(handle: Handle<Request>) => answerUnary(options, handle);
  const modelOf = (wanted: ModelName) => servedModel(engine.describe(), wanted, repository);
  const control = (act: 'load' | 'unload') =>
    unary(async ({ model_name: model, parameters }: RepositoryModelRequest, { authorization }) => {
      await controlModels(options, { act, model, authorization, parameters });
      return {};
    });
  return {
    ServerLive: unary(() => ({ live: true })),
    ServerReady: unary(() => ({ ready: true })),
    ServerMetadata: unary(() => serverMetadata),
    ModelReady: unary((wanted: ModelName) => ({ ready: isReady(() => modelOf(wanted)) })),
    ModelMetadata: unary((wanted: ModelName) => modelMetadata(modelOf(wanted), engine.describe())),
    ModelStatistics: unary((wanted: ModelName) => {
      const models = wanted.name === '' ? engine.describe().models : [modelOf(wanted)];
      return { model_stats: statistics.of(models) };
    }),
    RepositoryIndex: unary(async ({ ready }: { readonly ready: boolean }) => {
      const index = (await repository?.index()) ?? repositoryIndex(engine.describe());
      return { models: ready ? index.filter(({ state }) => state === 'READY') : index };
    }),
    RepositoryModelLoad: control('load'),
    RepositoryModelUnload: control('unload'),
    ModelInfer: unary((request: ModelInferRequest, call) => infer(options, request, call)),
    ModelStreamInfer: (stream: ServerDuplexStream<ModelInferRequest, object>) => void answerStream(options, stream),
  };
}

/** A model of the repository that is not loaded is not ready; one that is not there at all is an error. */
function isReady(find: () => unknown): boolean {
  try {
    find();
    return true;
  } catch (error) {
    if (isEdgewrightError(error) && error.code === 'ModelNotLoaded') return false;
    throw error;
  }
}

function answerUnary<Request>(options: InferenceServiceOptions, handle: Handle<Request>) {
  return (call: ServerUnaryCall<Request, object>, done: sendUnaryData<object>): void => {
    const context = openCall(call, options.timeoutMs);
    void (async () => {
      try {
        done(null, await handle(call.request, context));
      } catch (error) {
        done(failed(options, error, context));
      }
    })();
  };
}

function infer(
  { engine, metrics, statistics, repository, tracing, grpc }: InferenceServiceOptions,
  request: ModelInferRequest,
  call: GrpcCall,
): Promise<ModelInferResponse> {
  return traceInfer({ grpc, tracing }, call, async (span) => {
    const clock = statistics.begin();
    try {
      const { requestId, signal, timeoutMs } = call;
      const { model_name: name, model_version: version } = request;
      const description = engine.describe();
      const model = servedModel(description, { name, version }, repository);
      const read = readInferRequest(request, model);
      clock.read(model, rowsOf(model, read.inputs));
      const input = dataText(span, read.inputs);
      const limits = timeoutMs === undefined ? { signal } : { signal, timeoutMs };
      const { outputs, timings } = await acceleratorCall(span, description.backend, () =>
        engine.infer({ model: model.name, inputs: read.inputs, requestId, ...limits }),
      );
      metrics.record({ host: 'grpc', outcome: 'ok', timings });
      if (input !== undefined)
        span?.scored({ requestId, models: [model], input, prediction: dataText(span, outputs) ?? '' });
      const response = writeInferResponse(read, model, outputs);
      clock.succeeded(timings);
      return response;
    } catch (error) {
      clock.failed();
      throw error;
    }
  });
}

/** A request that fails is answered with its reason; the stream goes on. */
async function answerStream(
  options: InferenceServiceOptions,
  stream: ServerDuplexStream<ModelInferRequest, object>,
): Promise<void> {
  const { requestId, ...context } = openCall(stream, options.timeoutMs);
  const answered: Promise<void>[] = [];
  let last = Promise.resolve();
  let count = 0;
  try {
    for await (const request of stream as AsyncIterable<ModelInferRequest>) {
      count += 1;
      const call = { ...context, requestId: `${requestId}/${count}` };
      const answer = infer(options, request, call).then(
        (response) => ({ infer_response: response }),
        (error: unknown) => errorAnswer(request, failed(options, error, call)),
      );
      last = last.then(async () => await write(stream, await answer, context.signal));
      // it is waited for below; until then it may fail unseen
      last.catch(() => {});
      answered.push(last);
      if (answered.length >= STREAM_WINDOW) await answered.shift();
    }
    await last;
    stream.end();
  } catch (error) {
    // the caller has gone, or breaks the protocol: there is nobody to tell
    options.logger.debug(
      { event: 'web.stream', requestId, err: error },
      `stream ${requestId} ended: ${messageOf(error)}`,
    );
    stream.end();
  }
}

function errorAnswer({ model_name: model, id }: ModelInferRequest, { details }: GrpcFailure): object {
  return { error_message: details, infer_response: { model_name: model, id } };
}

async function write(stream: ServerDuplexStream<unknown, object>, answer: object, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (!stream.write(answer)) await once(stream, 'drain', { signal });
}

function failed({ grpc, metrics, logger }: InferenceServiceOptions, error: unknown, call: GrpcCall): GrpcFailure {
  const failure = grpcFailure(grpc, error, call.requestId);
  if (call.method.endsWith('Infer')) metrics.record({ host: 'grpc', outcome: failure.errorCode });
  const facts = { event: 'web.failed', requestId: call.requestId, code: failure.errorCode, err: error };
  const isOurs = failure.code === grpc.status.INTERNAL;
  if (isOurs) logger.error(facts, `request ${call.requestId} failed: ${messageOf(error)}`);
  else logger.debug(facts, `request ${call.requestId} refused: ${messageOf(error)}`);
  return failure;
}

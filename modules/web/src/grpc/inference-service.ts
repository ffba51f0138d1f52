import { once } from 'node:events';
import type { sendUnaryData, ServerDuplexStream, ServerUnaryCall, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Engine } from '@edgewright/engine';
import { messageOf } from '@edgewright/contract';
import { acceleratorCall } from '@edgewright/telemetry';
import type { Logger, ScoringMetrics, Tracing } from '@edgewright/telemetry';
import { modelMetadata, repositoryIndex, servedModel, serverMetadata } from '../served-models.ts';
import { openCall } from './grpc-call.ts';
import type { GrpcCall } from './grpc-call.ts';
import { grpcFailure } from './grpc-failure.ts';
import type { GrpcFailure } from './grpc-failure.ts';
import type { ModelInferRequest, ModelInferResponse } from './grpc-messages.ts';
import type { Grpc } from './grpc-runtime.ts';
import { dataText, traceInfer } from './grpc-spans.ts';
import { readInferRequest } from './read-infer-request.ts';
import { writeInferResponse } from './write-infer-response.ts';

export interface InferenceServiceOptions {
  readonly grpc: Grpc;
  readonly engine: Engine;
  readonly metrics: ScoringMetrics;
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
  const { engine } = options;
  const unary = <Request>(handle: Handle<Request>) => answerUnary(options, handle);
  return {
    ServerLive: unary(() => ({ live: true })),
    ServerReady: unary(() => ({ ready: true })),
    ServerMetadata: unary(() => serverMetadata),
    ModelReady: unary((request: ModelName) => {
      servedModel(engine.describe(), request);
      return { ready: true };
    }),
    ModelMetadata: unary((request: ModelName) => {
      const description = engine.describe();
      return modelMetadata(servedModel(description, request), description);
    }),
    RepositoryIndex: unary(() => ({ models: repositoryIndex(engine.describe()) })),
    ModelInfer: unary((request: ModelInferRequest, call) => infer(options, request, call)),
    ModelStreamInfer: (stream: ServerDuplexStream<ModelInferRequest, object>) => void answerStream(options, stream),
  };
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
  { engine, metrics, tracing, grpc }: InferenceServiceOptions,
  request: ModelInferRequest,
  call: GrpcCall,
): Promise<ModelInferResponse> {
  return traceInfer({ grpc, tracing }, call, async (span) => {
    const { requestId, signal, timeoutMs } = call;
    const { model_name: name, model_version: version } = request;
    const description = engine.describe();
    const model = servedModel(description, { name, version });
    const read = readInferRequest(request, model);
    const input = dataText(span, read.inputs);
    const limits = timeoutMs === undefined ? { signal } : { signal, timeoutMs };
    const { outputs, timings } = await acceleratorCall(span, description.backend, () =>
      engine.infer({ model: model.name, inputs: read.inputs, requestId, ...limits }),
    );
    metrics.record({ host: 'grpc', outcome: 'ok', timings });
    if (input !== undefined)
      span?.scored({ requestId, models: [model], input, prediction: dataText(span, outputs) ?? '' });
    return writeInferResponse(read, model, outputs);
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

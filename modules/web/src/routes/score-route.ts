import type { Engine, EngineDescription, ScoreResult } from '@edgewright/engine';
import { messageOf } from '@edgewright/contract';
import { acceleratorCall, boundedJson, VALUE_LIMIT } from '@edgewright/telemetry';
import type { Logger, ScoringMetrics, TraceSpan } from '@edgewright/telemetry';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { answerError } from '../answer-error.ts';
import { callerIdOf, otherIds } from '../request-ids.ts';
import { rowsOf } from '../repository/model-statistics.ts';
import type { InferenceClock, ModelStatistics } from '../repository/model-statistics.ts';
import type { SpanOf } from '../request-spans.ts';
import { readPayload } from './read-payload.ts';
import type { Payload } from './read-payload.ts';
import { markRun, sendResult } from './send-result.ts';

export interface ScoreRouteOptions {
  readonly engine: Engine;
  readonly metrics: ScoringMetrics;
  readonly statistics: ModelStatistics;
  readonly logger: Logger;
  readonly spanOf: SpanOf;
  readonly timeoutMs?: number;
}

/** How a request is answered, once it is read. */
export type Answer = (request: FastifyRequest, reply: FastifyReply, read: () => Payload) => Promise<FastifyReply>;

/** `GET`, `POST` and `OPTIONS /score`: Azure ML's scoring route. `GET` takes its data from the query. */
export function addScoreRoute(server: FastifyInstance, engine: Engine, answer: Answer): void {
  const score = (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
    // asked for each request: a swap may bring another script
    answer(request, reply, () => readPayload(request, engine.describe()));
  server.post('/score', score);
  server.get('/score', score);
  server.options('/score', (request, reply) => {
    // a script that takes requests as they come takes these too
    if (engine.describe().script?.raw === true) return score(request, reply);
    return reply.header('allow', 'GET, POST, OPTIONS').code(200).send();
  });
}

/** Answers requests with an engine, counts them, and gives them up when their callers have gone. */
export function answerWith({ engine, metrics, statistics, logger, spanOf, timeoutMs }: ScoreRouteOptions): Answer {
  return async (request, reply, read) => {
    const clock = statistics.begin();
    try {
      const span = spanOf(request);
      const payload = read();
      noteRead(clock, payload, engine.describe());
      const options = {
        requestId: request.id,
        ...correlationOf(request.headers),
        signal: whenGone(reply),
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
      };
      const { backend } = engine.describe();
      // before it is scored: arrays may be given away
      const input = span?.wantsData === true ? inputOf(payload) : '';
      if (payload.kind === 'score') {
        const result = await acceleratorCall(span, backend, () => engine.score({ ...payload, ...options }));
        if (span?.wantsData === true) tellScored(span, request, { ...result, input, prediction: predictionOf(result) });
        metrics.record({ host: 'web', outcome: result.answer?.failed === true ? 'EntryScriptFailed' : 'ok', timings: result.timings }); // prettier-ignore
        clock.succeeded(result.timings);
        return sendResult(reply, result, (error) => noteBroken(logger, request, error));
      }
      const { model, inputs } = payload;
      const result = await acceleratorCall(span, backend, () =>
        engine.infer({ model: model.name, inputs, ...options }),
      );
      const { outputs, timings } = result;
      if (span?.wantsData === true)
        tellScored(span, request, { ...result, input, prediction: boundedJson(outputs, VALUE_LIMIT) });
      const { headers, body } = payload.encode(outputs);
      metrics.record({ host: 'web', outcome: 'ok', timings });
      clock.succeeded(timings);
      markRun(reply, { failed: false, timings });
      return reply.headers(headers).send(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
    } catch (error) {
      clock.failed();
      metrics.record({ host: 'web', outcome: answerError(error).body.code });
      throw error;
    }
  };
}

/** Past an entry script, which may run any model, a request is for the one that it names, or for the only one. */
function noteRead(clock: InferenceClock, payload: Payload, { models, entryScript }: EngineDescription): void {
  if (payload.kind === 'tensors') return clock.read(payload.model, rowsOf(payload.model, payload.inputs));
  const [model] = models;
  const rows = (payload.data as { readonly data?: unknown } | null | undefined)?.data;
  if (model !== undefined && models.length === 1 && !entryScript)
    clock.read(model, Array.isArray(rows) ? rows.length : 1);
}

interface Told {
  readonly engine: EngineDescription;
  readonly input: string;
  readonly prediction: string;
}

function tellScored(span: TraceSpan, { id, headers }: FastifyRequest, { engine, input, prediction }: Told): void {
  const { 'x-ms-client-request-id': client } = otherIds(headers, id);
  span.scored({ requestId: id, clientRequestId: client, models: engine.models, input, prediction });
}

function inputOf(payload: Payload): string {
  if (payload.kind === 'tensors') return boundedJson(payload.inputs, VALUE_LIMIT);
  const bytes = payload.image ?? payload.http?.body;
  if (payload.data !== undefined || bytes === undefined) return boundedJson(payload.data, VALUE_LIMIT);
  return boundedJson({ bytes: bytes.byteLength }, VALUE_LIMIT);
}

function predictionOf({ value, answer }: ScoreResult): string {
  if (answer === undefined) return boundedJson(value, VALUE_LIMIT);
  const { status, headers, body } = answer;
  if (!(body instanceof Uint8Array)) return boundedJson({ status }, VALUE_LIMIT);
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  if (!/json|^text\//.test(type)) return boundedJson({ status, bytes: body.byteLength }, VALUE_LIMIT);
  // one byte more than is told, so that the mark of what was cut appears
  return boundedJson({ status, body: new TextDecoder().decode(body.subarray(0, VALUE_LIMIT + 1)) }, VALUE_LIMIT);
}

/** What the caller calls the request, for those who look at what was scored. */
function correlationOf(headers: FastifyRequest['headers']): { readonly correlationId?: string } {
  const correlationId = callerIdOf(headers);
  return correlationId === undefined ? {} : { correlationId };
}

/** The caller has its status already, and sees a connection that is cut: the reason stands in the log. */
function noteBroken(logger: Logger, request: FastifyRequest, error: unknown): void {
  const facts = { event: 'web.broken', requestId: request.id, code: answerError(error).body.code, err: error };
  logger.error(facts, `the answer to request ${request.id} broke in the middle: ${messageOf(error)}`);
}

/** Fires when the caller hangs up before the answer is written. */
function whenGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return gone.signal;
}

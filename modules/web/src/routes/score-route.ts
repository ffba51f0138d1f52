import type { Engine } from '@edgewright/engine';
import { messageOf } from '@edgewright/contract';
import type { Logger, ScoringMetrics } from '@edgewright/telemetry';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { answerError } from '../answer-error.ts';
import { readPayload } from './read-payload.ts';
import type { Payload } from './read-payload.ts';
import { markRun, sendResult } from './send-result.ts';

export interface ScoreRouteOptions {
  readonly engine: Engine;
  readonly metrics: ScoringMetrics;
  readonly logger: Logger;
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
export function answerWith({ engine, metrics, logger, timeoutMs }: ScoreRouteOptions): Answer {
  return async (request, reply, read) => {
    try {
      const payload = read();
      const options = {
        requestId: request.id,
        signal: whenGone(reply),
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
      };
      if (payload.kind === 'score') {
        const result = await engine.score({ ...payload, ...options });
        metrics.record({ host: 'web', outcome: result.answer?.failed === true ? 'EntryScriptFailed' : 'ok', timings: result.timings }); // prettier-ignore
        return sendResult(reply, result, (error) => noteBroken(logger, request, error));
      }
      const { outputs, timings } = await engine.infer({ model: payload.model, inputs: payload.inputs, ...options });
      const { headers, body } = payload.encode(outputs);
      metrics.record({ host: 'web', outcome: 'ok', timings });
      markRun(reply, { failed: false, timings });
      return reply.headers(headers).send(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
    } catch (error) {
      metrics.record({ host: 'web', outcome: answerError(error).body.code });
      throw error;
    }
  };
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

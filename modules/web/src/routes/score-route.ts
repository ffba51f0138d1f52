import type { Engine, ScoreRequest, ScoreResult } from '@edgewright/engine';
import type { ScoringMetrics } from '@edgewright/telemetry';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { answerError } from '../answer-error.ts';
import { readImageBody, readJsonBody, readQuery } from '../read-body.ts';

export interface ScoreRouteOptions {
  readonly engine: Engine;
  readonly metrics: ScoringMetrics;
  readonly timeoutMs?: number;
}

type Query = Record<string, string | string[] | undefined>;

/** `GET` and `POST /score`: Azure ML's scoring route. `GET` takes its data from the query. */
export function addScoreRoute(server: FastifyInstance, options: ScoreRouteOptions): void {
  const answer = answerWith(options);
  const takesImages = options.engine.describe().images === true;
  server.post('/score', (request, reply) => answer(request, reply, () => readPosted(request, takesImages)));
  server.get('/score', (request, reply) => answer(request, reply, () => ({ data: readQuery(request.query as Query) })));
  server.options('/score', (_request, reply) => reply.header('allow', 'GET, POST, OPTIONS').code(200).send());
}

/** How a request is answered, once its data are read. */
type Answer = (request: FastifyRequest, reply: FastifyReply, read: () => Payload) => Promise<FastifyReply>;

/** What a request brings to be scored. */
type Payload = Pick<ScoreRequest, 'data' | 'image'>;

/** An image where the service takes them and the content type says so, else JSON. */
function readPosted({ headers, body }: FastifyRequest, takesImages: boolean): Payload {
  const image = takesImages ? readImageBody(headers, body) : undefined;
  return image === undefined ? { data: readJsonBody(headers, body) } : { data: undefined, image };
}

function answerWith({ engine, metrics, timeoutMs }: ScoreRouteOptions): Answer {
  return async (request, reply, read) => {
    try {
      const result = await engine.score({
        ...read(),
        requestId: request.id,
        signal: whenGone(reply),
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
      });
      metrics.record({ host: 'web', outcome: 'ok', timings: result.timings });
      return send(reply, result);
    } catch (error) {
      metrics.record({ host: 'web', outcome: answerError(error).body.code });
      throw error;
    }
  };
}

function send(reply: FastifyReply, { value, timings }: ScoreResult): FastifyReply {
  return reply
    .headers({ 'x-ms-run-function-failed': 'False', 'x-ms-run-fn-exec-ms': timings.runMs.toFixed(3) })
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(value));
}

/** Fires when the caller hangs up before the answer is written. */
function whenGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return gone.signal;
}

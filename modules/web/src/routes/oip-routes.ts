import type { Engine, LoadedModel } from '@edgewright/engine';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ModelRepository } from '../repository/model-repository.ts';
import type { ModelStatistics } from '../repository/model-statistics.ts';
import { modelMetadata, servedModel, serverMetadata } from '../served-models.ts';
import { readOip } from './read-payload.ts';
import type { Answer } from './score-route.ts';

export interface OipRoutes {
  readonly engine: Engine;
  readonly answer: Answer;
  readonly statistics: ModelStatistics;
  readonly repository: ModelRepository | undefined;
}

/** The REST part of the Open Inference Protocol ("v2"), with its binary tensor data and statistics extensions. Models are run as they are. */
export function addOipRoutes(server: FastifyInstance, routes: OipRoutes): void {
  const { engine, answer, statistics } = routes;
  for (const path of ['/v2', '/v2/']) server.get(path, (_request, reply) => reply.send(serverMetadata));
  server.get('/v2/health/live', (_request, reply) => reply.send({ live: true }));
  server.get('/v2/health/ready', (_request, reply) => reply.send({ ready: true }));
  server.get('/v2/models/stats', (_request, reply) =>
    reply.send({ model_stats: statistics.of(engine.describe().models) }),
  );
  for (const base of ['/v2/models/:model', '/v2/models/:model/versions/:version']) {
    server.get(base, (request, reply) => reply.send(modelMetadata(modelAt(request, routes), engine.describe())));
    server.get(`${base}/ready`, (request, reply) => {
      const { name } = modelAt(request, routes);
      return reply.send({ name, ready: true });
    });
    server.get(`${base}/stats`, (request, reply) =>
      reply.send({ model_stats: statistics.of([modelAt(request, routes)]) }),
    );
    server.post(`${base}/infer`, (request, reply): Promise<FastifyReply> =>
      answer(request, reply, () => readOip(request, modelAt(request, routes))),
    );
  }
}

/** The model that a path names. */
function modelAt(request: FastifyRequest, { engine, repository }: OipRoutes): LoadedModel {
  const { model: name, version } = request.params as { readonly model: string; readonly version?: string };
  return servedModel(engine.describe(), { name, version }, repository);
}

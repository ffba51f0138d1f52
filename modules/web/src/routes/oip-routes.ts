import type { Engine, EngineDescription, LoadedModel } from '@edgewright/engine';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { modelMetadata, repositoryIndex, servedModel, serverMetadata } from '../served-models.ts';
import { readOip } from './read-payload.ts';
import type { Answer } from './score-route.ts';

/**
 * The REST part of the Open Inference Protocol ("v2"), with its binary tensor data extension and the index of its model repository
 * extension. Models are run as they are.
 */
export function addOipRoutes(server: FastifyInstance, engine: Engine, answer: Answer): void {
  for (const path of ['/v2', '/v2/']) server.get(path, (_request, reply) => reply.send(serverMetadata));
  server.get('/v2/health/live', (_request, reply) => reply.send({ live: true }));
  server.get('/v2/health/ready', (_request, reply) => reply.send({ ready: true }));
  server.post('/v2/repository/index', (_request, reply) => reply.send(repositoryIndex(engine.describe())));
  for (const base of ['/v2/models/:model', '/v2/models/:model/versions/:version']) {
    server.get(base, (request, reply) => {
      const description = engine.describe();
      return reply.send(modelMetadata(modelAt(request, description), description));
    });
    server.get(`${base}/ready`, (request, reply) => {
      const { name } = modelAt(request, engine.describe());
      return reply.send({ name, ready: true });
    });
    server.post(`${base}/infer`, (request, reply): Promise<FastifyReply> =>
      answer(request, reply, () => readOip(request, modelAt(request, engine.describe()))),
    );
  }
}

/** The model that a path names. */
function modelAt(request: FastifyRequest, description: EngineDescription): LoadedModel {
  const { model: name, version } = request.params as { readonly model: string; readonly version?: string };
  return servedModel(description, { name, version });
}

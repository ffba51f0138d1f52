import type { Engine } from '@edgewright/engine';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { readBytes, readJsonBody } from '../read-body.ts';
import { controlModels } from '../repository/control-models.ts';
import type { ModelControl } from '../repository/control-models.ts';
import { repositoryIndex } from '../served-models.ts';
import { WebError } from '../web-error.ts';

/** The model repository extension of the Open Inference Protocol: what is there, and loading and unloading it. */
export function addRepositoryRoutes(server: FastifyInstance, engine: Engine, control: ModelControl): void {
  server.post('/v2/repository/index', async (request, reply) => {
    const { ready } = readOptions(request);
    const index = (await control.repository?.index()) ?? repositoryIndex(engine.describe());
    return reply.send(ready === true ? index.filter(({ state }) => state === 'READY') : index);
  });
  for (const act of ['load', 'unload'] as const) {
    server.post(`/v2/repository/models/:model/${act}`, async (request, reply) => {
      const { model } = request.params as { readonly model: string };
      const { parameters = {} } = readOptions(request);
      if (typeof parameters !== 'object' || parameters === null || Array.isArray(parameters)) {
        throw new WebError('RequestInvalid', `cannot ${act} ${model}: "parameters" is no object`);
      }
      const { authorization } = request.headers;
      await controlModels(control, { act, model, authorization, parameters: { ...parameters } });
      return reply.code(200).send();
    });
  }
}

/** A body may be left out. */
function readOptions(request: FastifyRequest): { readonly ready?: unknown; readonly parameters?: unknown } {
  if (readBytes(request.body).length === 0) return {};
  const options = readJsonBody(request.headers, request.body);
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return options;
  throw new WebError('RequestInvalid', 'the body of the request is no object');
}

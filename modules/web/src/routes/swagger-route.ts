import type { Engine } from '@edgewright/engine';
import type { FastifyInstance } from 'fastify';
import { serviceSchema } from '../swagger/service-schema.ts';
import { swagger2 } from '../swagger/swagger-2.ts';
import type { ServiceName } from '../swagger/swagger-2.ts';
import { WebError } from '../web-error.ts';

const VERSIONS = ['2', '2.0'];

/** `GET /swagger.json?version=2`: the document of the service. */
export function addSwaggerRoute(server: FastifyInstance, engine: Engine, name: ServiceName): void {
  server.get('/swagger.json', (request, reply) => {
    const { version = '2' } = request.query as { version?: string | string[] };
    if (typeof version !== 'string' || !VERSIONS.includes(version)) {
      throw new WebError('RequestInvalid', `there is no swagger.json of version "${String(version)}"; there is ${VERSIONS.join(', ')}`, { details: { version, known: VERSIONS } }); // prettier-ignore
    }
    return reply.send(swagger2(name, serviceSchema(engine.describe())));
  });
}

import type { Engine } from '@edgewright/engine';
import type { FastifyInstance } from 'fastify';
import type { ServiceName } from '../swagger/operations.ts';
import { documentOf } from '../swagger/service-documents.ts';
import type { OwnDocuments } from '../swagger/service-documents.ts';

/** `GET /swagger.json?version=2|2.0|3|3.0|3.1`: the document of the service. */
export function addSwaggerRoute(
  server: FastifyInstance,
  engine: Engine,
  documents: { readonly name: ServiceName; readonly own: OwnDocuments },
): void {
  server.get('/swagger.json', (request, reply) => {
    const { version = '2' } = request.query as { version?: string | string[] };
    const document = documentOf(String(version), { ...documents, description: engine.describe() });
    return reply.type('application/json; charset=utf-8').send(JSON.stringify(document));
  });
}

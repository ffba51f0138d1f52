import { DOCUMENT_VERSIONS, ERROR_RESPONSE, infoOf, OPERATIONS, prefixOf, SECURITY, TEXTS } from './operations.ts';
import type { ServiceName } from './operations.ts';
import type { ServiceSchema } from './service-schema.ts';

/**
 * The Swagger 2.0 document of a service, in the form of Azure ML's: the paths `/`, `/score` and `/swagger.json`, definitions
 * `ServiceInput`, `ServiceOutput` and `ErrorResponse`.
 */
export function swagger2(name: ServiceName, schema: ServiceSchema): Record<string, unknown> {
  const prefix = prefixOf(name);
  const failed = { description: TEXTS.failed, schema: { $ref: '#/definitions/ErrorResponse' } };
  return {
    swagger: '2.0',
    info: infoOf(name),
    schemes: ['https', 'http'],
    consumes: ['application/json'],
    produces: ['application/json'],
    securityDefinitions: SECURITY,
    paths: {
      [`${prefix}/`]: {
        get: {
          ...OPERATIONS.health,
          produces: ['text/plain'],
          responses: {
            '200': { description: TEXTS.healthy, schema: { type: 'string' }, examples: { 'text/plain': 'Healthy' } },
            default: failed,
          },
        },
      },
      [`${prefix}/score`]: {
        post: {
          ...OPERATIONS.score,
          security: [{ Bearer: [] }],
          parameters: [{ name: 'serviceInputPayload', in: 'body', required: true, description: TEXTS.input, schema: { $ref: '#/definitions/ServiceInput' } }], // prettier-ignore
          responses: {
            '200': { description: TEXTS.output, schema: { $ref: '#/definitions/ServiceOutput' } },
            default: failed,
          },
        },
      },
      [`${prefix}/swagger.json`]: {
        get: {
          ...OPERATIONS.swagger,
          parameters: [{ name: 'version', in: 'query', required: false, type: 'string', enum: DOCUMENT_VERSIONS }],
          responses: { '200': { description: TEXTS.document, schema: { type: 'object' } }, default: failed },
        },
      },
    },
    definitions: { ServiceInput: schema.input, ServiceOutput: schema.output, ErrorResponse: ERROR_RESPONSE },
  };
}

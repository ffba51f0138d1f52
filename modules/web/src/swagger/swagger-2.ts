import type { SchemaObject, ServiceSchema } from './service-schema.ts';

/** What a service is called in its documents. */
export interface ServiceName {
  readonly title: string;
  readonly version: string;
}

const ERROR_RESPONSE: SchemaObject = {
  type: 'object',
  properties: {
    message: { type: 'string' },
    code: { type: 'string', description: 'a code of the table in docs/errors.md' },
  },
};

/**
 * The Swagger 2.0 document of a service, in the form of Azure ML's: the paths `/` and `/score`, operations
 * `ServiceHealthCheck` and `RunMLService`, definitions `ServiceInput`, `ServiceOutput` and `ErrorResponse`.
 */
export function swagger2(name: ServiceName, schema: ServiceSchema): Record<string, unknown> {
  const failed = { description: 'The service failed to answer', schema: { $ref: '#/definitions/ErrorResponse' } };
  return {
    swagger: '2.0',
    info: {
      title: name.title,
      version: name.version,
      description: `API specification for the Azure Machine Learning service ${name.title}`,
    },
    schemes: ['https', 'http'],
    consumes: ['application/json'],
    produces: ['application/json'],
    securityDefinitions: {
      Bearer: { type: 'apiKey', name: 'Authorization', in: 'header', description: 'For example: Bearer abc123' },
    },
    paths: {
      '/': {
        get: {
          operationId: 'ServiceHealthCheck',
          description: 'Answers when the service is ready to score',
          produces: ['text/plain'],
          responses: { '200': { description: 'The text Healthy', schema: { type: 'string' }, examples: { 'text/plain': 'Healthy' } }, default: failed }, // prettier-ignore
        },
      },
      '/score': {
        post: {
          operationId: 'RunMLService',
          description: 'Scores the data in the body',
          security: [{ Bearer: [] }],
          parameters: [{ name: 'serviceInputPayload', in: 'body', required: true, description: 'What to score', schema: { $ref: '#/definitions/ServiceInput' } }], // prettier-ignore
          responses: {
            '200': { description: 'The result', schema: { $ref: '#/definitions/ServiceOutput' } },
            default: failed,
          },
        },
      },
    },
    definitions: { ServiceInput: schema.input, ServiceOutput: schema.output, ErrorResponse: ERROR_RESPONSE },
  };
}

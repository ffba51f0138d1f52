import {
  DOCUMENT_VERSIONS,
  ERROR_RESPONSE,
  IMAGE_TYPES,
  infoOf,
  OPERATIONS,
  prefixOf,
  SECURITY,
  TEXTS,
} from './operations.ts';
import type { ServiceName } from './operations.ts';
import type { ServiceSchema } from './service-schema.ts';

/** The OpenAPI 3 document of a service, in the form of Azure ML's; 3.1 differs by its number, as there, and in how it says that a body is a file. */
export function openApi3(
  name: ServiceName,
  schema: ServiceSchema,
  version: '3.0.3' | '3.1.0',
): Record<string, unknown> {
  const prefix = prefixOf(name);
  const json = (reference: string): object => ({
    'application/json': { schema: { $ref: `#/components/schemas/${reference}` } },
  });
  const images = schema.images === true ? imageContent(version) : {};
  const failed = { description: TEXTS.failed, content: json('ErrorResponse') };
  return {
    openapi: version,
    info: infoOf(name),
    paths: {
      [`${prefix}/`]: {
        get: {
          ...OPERATIONS.health,
          responses: {
            '200': {
              description: TEXTS.healthy,
              content: { 'text/plain': { schema: { type: 'string', example: 'Healthy' } } },
            },
            default: failed,
          },
        },
      },
      [`${prefix}/score`]: {
        post: {
          ...OPERATIONS.score,
          // a second way, without any, is how OpenAPI 3 says that credentials may be left out
          security: name.isOpen === true ? [{ Bearer: [] }, {}] : [{ Bearer: [] }],
          requestBody: { description: TEXTS.input, required: true, content: { ...json('ServiceInput'), ...images } },
          responses: { '200': { description: TEXTS.output, content: json('ServiceOutput') }, default: failed },
        },
      },
      [`${prefix}/swagger.json`]: {
        get: {
          ...OPERATIONS.swagger,
          parameters: [
            { name: 'version', in: 'query', required: false, schema: { type: 'string', enum: DOCUMENT_VERSIONS } },
          ],
          responses: {
            '200': { description: TEXTS.document, content: { 'application/json': { schema: { type: 'object' } } } },
            default: failed,
          },
        },
      },
    },
    components: {
      schemas: { ServiceInput: schema.input, ServiceOutput: schema.output, ErrorResponse: ERROR_RESPONSE },
      securitySchemes: SECURITY,
    },
  };
}

/** Files as they are: 3.0 has a format for them, in 3.1 the media type says all. */
function imageContent(version: '3.0.3' | '3.1.0'): object {
  const schema = version === '3.0.3' ? { type: 'string', format: 'binary' } : {};
  return Object.fromEntries(IMAGE_TYPES.map((type) => [type, { schema }]));
}

import type { JsonSchema } from '@edgewright/engine';

/** What a service is called in its documents. */
export interface ServiceName {
  readonly title: string;
  readonly version: string;
  /** Stands before every path in the documents, such as `/api/v1/service/diabetes`; default none. */
  readonly pathPrefix?: string;
  /** True when nobody needs credentials; default false. */
  readonly isOpen?: boolean;
}

export const ERROR_RESPONSE: JsonSchema = {
  type: 'object',
  properties: {
    message: { type: 'string' },
    code: { type: 'string', description: 'a code of the table in docs/errors.md' },
  },
};

export const SECURITY = {
  Bearer: { type: 'apiKey', name: 'Authorization', in: 'header', description: 'For example: Bearer abc123' },
} as const;

/** What each operation says of itself in every version: Azure ML's ids, for clients that were generated from its documents. */
export const OPERATIONS = {
  health: { operationId: 'ServiceHealthCheck', description: 'Answers when the service is ready to score' },
  score: { operationId: 'RunMLService', description: 'Scores the data in the body' },
  swagger: { operationId: 'GetSwaggerSpec', description: 'Gives this document' },
} as const;

export const TEXTS = {
  healthy: 'The text Healthy',
  input: 'What to score',
  output: 'The result',
  document: 'The document',
  failed: 'The service failed to answer; the message says why',
} as const;

/** What a service that takes images reads. */
export const IMAGE_TYPES = ['image/jpeg', 'image/png', 'image/webp'] as const;

export const DOCUMENT_VERSIONS = ['2', '2.0', '3', '3.0', '3.1'] as const;

/** `info` of every document. */
export function infoOf({ title, version }: ServiceName): Record<string, string> {
  return { title, version, description: `API specification for the Azure Machine Learning service ${title}` };
}

/** The prefix with one `/` before it and none behind; empty when there is none. */
export function prefixOf({ pathPrefix = '' }: ServiceName): string {
  const bare = pathPrefix.replace(/^\/+|\/+$/g, '');
  return bare === '' ? '' : `/${bare}`;
}

import type { Metadata, StatusObject } from '@grpc/grpc-js';
import { answerError } from '../answer-error.ts';
import type { Grpc } from './grpc-runtime.ts';

/** HTTP's statuses in gRPC's terms; what is not here is INTERNAL. */
const STATUSES = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'FAILED_PRECONDITION',
  413: 'RESOURCE_EXHAUSTED',
  422: 'FAILED_PRECONDITION',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
} as const;

/** What a caller hears of a failure: status, message and code as over REST. */
export interface GrpcFailure extends StatusObject {
  readonly metadata: Metadata;
  /** The code of the catalogue. */
  readonly errorCode: string;
}

/** The status of whatever was thrown; `edgewright-code` among its metadata names the failure for programs. */
export function grpcFailure(grpc: Grpc, thrown: unknown, requestId: string): GrpcFailure {
  const { status, body } = answerError(thrown);
  const name = STATUSES[status as keyof typeof STATUSES] ?? 'INTERNAL';
  const metadata = new grpc.Metadata();
  metadata.set('x-request-id', requestId);
  metadata.set('edgewright-code', body.code);
  // the form in which gRPC's clients read Retry-After
  if (name === 'UNAVAILABLE' || status === 429) metadata.set('grpc-retry-pushback-ms', '1000');
  return { code: grpc.status[name], details: body.message, metadata, errorCode: body.code };
}

import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { WebError } from './web-error.ts';

/** The ids of a request: what it is called in logs, and the headers with which the answer names it. */
export interface RequestIds {
  readonly requestId: string;
  readonly headers: Readonly<Record<string, string>>;
}

const MAX_ID_LENGTH = 100;

/**
 * Azure ML's rules for request ids (azureml-inference-server-http): `x-request-id` is made when it is not sent, and
 * always answered; `x-ms-request-id` and `x-ms-client-request-id` stand for each other when only one is sent; `TraceId` is
 * echoed. The container of 2019 always answered `x-ms-request-id`, so this does too.
 *
 * @throws WebError `HeaderTooLong` for an id of more than 100 characters
 */
export function requestIds(headers: IncomingHttpHeaders): RequestIds {
  const own = idOf(headers, 'x-request-id');
  const service = idOf(headers, 'x-ms-request-id');
  const client = idOf(headers, 'x-ms-client-request-id');
  const trace = idOf(headers, 'traceid');
  const requestId = own ?? randomUUID();
  const given = client ?? service;
  return {
    requestId,
    headers: {
      'x-request-id': requestId,
      'x-ms-request-id': service ?? client ?? requestId,
      ...(given === undefined ? {} : { 'x-ms-client-request-id': given }),
      ...(trace === undefined ? {} : { TraceId: trace }),
    },
  };
}

function idOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  const id = Array.isArray(value) ? value[0] : value;
  if (id === undefined || id === '') return undefined;
  if (id.length <= MAX_ID_LENGTH) return id;
  throw new WebError(
    'HeaderTooLong',
    `the header ${name} has ${id.length} characters; an id may have ${MAX_ID_LENGTH}`,
    { details: { header: name, length: id.length, limit: MAX_ID_LENGTH } },
  );
}

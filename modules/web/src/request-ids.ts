import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { WebError } from './web-error.ts';

const MAX_ID_LENGTH = 100;

/**
 * What a request is called in logs: its `x-request-id`, or one that is made. It is always answered.
 *
 * @throws WebError `HeaderTooLong` for an id of more than 100 characters
 */
export function requestIdOf(headers: IncomingHttpHeaders): string {
  return idOf(headers, 'x-request-id') ?? randomUUID();
}

/**
 * The headers with which an answer names its request beside that id, by Azure ML's rules (azureml-inference-server-http):
 * `x-ms-request-id` and `x-ms-client-request-id` stand for each other when only one is sent; `TraceId` is echoed. The
 * container of 2019 always answered `x-ms-request-id`, so this does too.
 *
 * @throws WebError `HeaderTooLong` for an id of more than 100 characters
 */
export function otherIds(headers: IncomingHttpHeaders, requestId: string): Readonly<Record<string, string>> {
  const service = idOf(headers, 'x-ms-request-id');
  const client = idOf(headers, 'x-ms-client-request-id');
  const trace = idOf(headers, 'traceid');
  const given = client ?? service;
  return {
    'x-ms-request-id': service ?? client ?? requestId,
    ...(given === undefined ? {} : { 'x-ms-client-request-id': given }),
    ...(trace === undefined ? {} : { TraceId: trace }),
  };
}

/** The id that the caller gave its request, beside the one by which the service calls it. */
export function callerIdOf(headers: IncomingHttpHeaders): string | undefined {
  return idOf(headers, 'x-ms-client-request-id') ?? idOf(headers, 'x-ms-request-id');
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

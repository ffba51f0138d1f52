import type { IncomingHttpHeaders } from 'node:http';
import { WebError } from '../web-error.ts';

/** The header that says where the JSON of a request ends and tensors begin (binary tensor data extension). */
export const HEADER_LENGTH = 'inference-header-content-length';

/**
 * The value of that header; undefined when it is not sent.
 *
 * @throws WebError `RequestInvalid` when it is no whole number
 */
export function headerLengthOf(headers: IncomingHttpHeaders): number | undefined {
  const value = headers[HEADER_LENGTH];
  if (value === undefined) return undefined;
  if (typeof value === 'string' && /^\d{1,15}$/.test(value)) return Number(value);
  throw new WebError('RequestInvalid', `the header Inference-Header-Content-Length is "${String(value).slice(0, 100)}"; it must be the number of bytes of the JSON`); // prettier-ignore
}

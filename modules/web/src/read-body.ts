import { isUtf8 } from 'node:buffer';
import { parseJson } from '@edgewright/contract';
import type { IncomingHttpHeaders } from 'node:http';
import { WebError } from './web-error.ts';

const DECLARED_TYPE = /^application\/(json|[\w.+-]+\+json)$/;
const JSON_TYPE = /^(application\/(json|x-www-form-urlencoded|[\w.+-]+\+json)|text\/(plain|json))$/;

/**
 * Reads a JSON body. Azure ML's container did not look at the content type, and curl names a form when it is not told
 * otherwise: so everything that is text is read as JSON.
 *
 * @throws WebError `MediaTypeUnsupported`, `RequestInvalid`; ContractError `InvalidJson` with line and column
 */
export function readJsonBody(headers: IncomingHttpHeaders, body: unknown): unknown {
  const type = mediaType(headers);
  if (!JSON_TYPE.test(type)) {
    throw new WebError('MediaTypeUnsupported', `cannot read a body of the type "${type}": send application/json`, {
      details: { contentType: type },
    });
  }
  return parseBody(headers, body);
}

function parseBody(headers: IncomingHttpHeaders, body: unknown): unknown {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw new WebError('MediaTypeUnsupported', `cannot read a body with the content encoding "${encoding}": send it plain`); // prettier-ignore
  if (!Buffer.isBuffer(body) || body.length === 0) {
    throw new WebError('RequestInvalid', 'the request has no body: send JSON, such as {"data": [[…]]}');
  }
  if (!isUtf8(body)) throw new WebError('RequestInvalid', 'the body of the request is not UTF-8 text');
  return parseJson(body.toString('utf8'), 'the body of the request');
}

/**
 * The body for an entry script. Azure ML gave a script without a declaration whatever was sent, whatever its content type;
 * one that declares its input takes JSON under its name alone.
 *
 * @throws WebError `MediaTypeUnsupported`, `RequestInvalid`; ContractError `InvalidJson`
 */
export function readScriptBody(headers: IncomingHttpHeaders, body: unknown, declared: boolean): unknown {
  if (declared && !DECLARED_TYPE.test(headers['content-type'] === undefined ? '' : mediaType(headers))) {
    const type = headers['content-type'] ?? 'none';
    throw new WebError('MediaTypeUnsupported', `the service declares its input and takes application/json; the content type is ${type}`, { details: { contentType: type } }); // prettier-ignore
  }
  return parseBody(headers, body);
}

/** The body as bytes; empty when there is none. */
export function readBytes(body: unknown): Uint8Array {
  return Buffer.isBuffer(body) ? body : new Uint8Array();
}

/** The content type of a request, without its parameters; JSON when there is none. */
export function mediaType(headers: IncomingHttpHeaders): string {
  return (headers['content-type'] ?? 'application/json').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** A query as data: Azure ML's rule. Repeated keys become a list; a value that is JSON becomes what it says. */
export function readQuery(query: Readonly<Record<string, string | readonly string[] | undefined>>): unknown {
  const data: [string, unknown][] = [];
  for (const [name, value] of Object.entries(query)) {
    data.push([name, typeof value === 'string' ? valueOf(value) : (value ?? []).map(valueOf)]);
  }
  return Object.fromEntries(data);
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

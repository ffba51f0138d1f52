import { toJsonValue } from '../codecs/json-value.ts';
import type { AnswerHead } from '../scoring/job.ts';
import { ScriptResponse } from './script-response.ts';

/** What a script answered, with a body that may still have to be made. */
export interface MadeAnswer {
  readonly head: AnswerHead;
  readonly body: Uint8Array | AsyncIterable<unknown>;
}

type HeaderList = (readonly [name: string, value: string])[];

const JSON_TYPE = 'application/json';
/** RFC 9110 §5.6.2: a token. Importing node:http for its checks would load all of Node's networking into each worker. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~\w-]+$/;
/** RFC 9110 §5.5: visible characters, blanks and tabs. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * The answer in what `run()` returned: a {@link ScriptResponse}, a standard `Response`, or something that is iterated for
 * its bytes. Undefined when it is a plain value.
 *
 * @throws TypeError for a status or header that HTTP does not have; NotJsonError
 */
export function makeAnswer(returned: unknown): MadeAnswer | undefined {
  if (returned instanceof ScriptResponse) return fromScriptResponse(returned);
  if (isResponse(returned)) return fromResponse(returned);
  if (!isAsyncIterable(returned)) return undefined;
  return { head: headOf(200, [['content-type', 'application/octet-stream']], false), body: returned };
}

function fromScriptResponse({ body, init }: ScriptResponse): MadeAnswer {
  const { status = 200, headers = {}, failed = false } = init;
  const list = Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? (value as readonly string[]) : [String(value)]).map((each): [string, string] => [
      name,
      each,
    ]),
  );
  const [content, type] = contentOf(body);
  const others = list.filter(([name]) => name.toLowerCase() !== 'content-type');
  const own = list.find(([name]) => name.toLowerCase() === 'content-type');
  // JSON is always sent as JSON: Azure ML's rule
  const typed: HeaderList = [['content-type', type === JSON_TYPE ? JSON_TYPE : (own?.[1] ?? type)], ...others];
  return { head: headOf(status, typed, failed), body: content };
}

/** A body as bytes or as what gives them, and the content type that it has by itself. */
function contentOf(body: unknown): [Uint8Array | AsyncIterable<unknown>, string] {
  if (typeof body === 'string') return [Buffer.from(body), 'text/plain; charset=utf-8'];
  if (body instanceof Uint8Array) return [body, 'application/octet-stream'];
  if (body instanceof ArrayBuffer) return [new Uint8Array(body), 'application/octet-stream'];
  if (isAsyncIterable(body)) return [body, 'application/octet-stream'];
  return [Buffer.from(JSON.stringify(body === undefined || body === null ? {} : toJsonValue(body))), JSON_TYPE];
}

function fromResponse(response: Response): MadeAnswer {
  if (response.bodyUsed) throw new TypeError('the body of the Response that run() returned was read already');
  const cookies = response.headers.getSetCookie().map((value): [string, string] => ['set-cookie', value]);
  const others = [...response.headers].filter(([name]) => name !== 'set-cookie');
  return {
    head: headOf(response.status, [...others, ...cookies], false),
    body: response.body === null ? new Uint8Array() : (response.body as AsyncIterable<Uint8Array>),
  };
}

function headOf(status: number, headers: HeaderList, failed: boolean): AnswerHead {
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new TypeError(`run() answered with the status ${status}; it must be a whole number from 200 to 599`);
  }
  for (const [name, value] of headers) {
    if (!HEADER_NAME.test(name)) {
      throw new TypeError(`run() answered with the header "${name}"; a name has letters, digits and !#$%&'*+-.^_\`|~`);
    }
    if (!HEADER_VALUE.test(value)) {
      throw new TypeError(
        `run() answered with the header "${name}", whose value has a character that HTTP does not allow`,
      );
    }
  }
  return { status, headers, failed: failed || status >= 500 };
}

/** Looks before it asks: the global `Response` loads all of Node's networking when it is first named. */
function isResponse(value: unknown): value is Response {
  return Object.prototype.toString.call(value) === '[object Response]' && value instanceof Response;
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

import { isUtf8 } from 'node:buffer';
import { messageOf } from '@edgewright/contract';
import { EdgeError } from '../edge-error.ts';
import type { InputMessage } from './input-message.ts';

const UTF8 = new Set(['utf-8', 'utf8']);
const UTF16 = new Set(['utf-16', 'utf-16le']);

/**
 * Reads the JSON of a message. The content type is not asked, because many senders leave it out; the encoding is.
 *
 * @throws EdgeError `MessageRejected`
 */
export function decodeBody(message: InputMessage, maxBytes: number): unknown {
  const { body } = message;
  if (body.length > maxBytes) {
    throw rejected(`its body has ${body.length} bytes, and limits.bodyBytes allows ${maxBytes}`, {
      bodyBytes: body.length,
    });
  }
  const text = decodeText(body, message.contentEncoding ?? 'utf-8');
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw rejected(`its body is not JSON: ${messageOf(cause).slice(0, 200)}`, { bodyBytes: body.length }, cause);
  }
}

function decodeText(body: Buffer, contentEncoding: string): string {
  const encoding = contentEncoding.toLowerCase();
  if (UTF8.has(encoding)) {
    if (isUtf8(body)) return body.toString('utf8');
    throw rejected('its body is not valid UTF-8', { contentEncoding });
  }
  if (UTF16.has(encoding)) return body.toString('utf16le').replace(/^\uFEFF/, '');
  throw rejected(`its content encoding is "${contentEncoding}"; utf-8 and utf-16 can be read`, { contentEncoding });
}

function rejected(reason: string, details: Readonly<Record<string, unknown>>, cause?: unknown): EdgeError {
  return new EdgeError('MessageRejected', `the message cannot be scored: ${reason}`, { details, cause });
}

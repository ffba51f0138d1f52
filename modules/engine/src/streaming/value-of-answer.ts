import { EngineError } from '../engine-error.ts';
import type { ScriptAnswer } from '../scoring/job.ts';

// a message of IoT Hub has at most 256 KiB, and a direct method's answer 128
const MAX_BYTES = 1_048_576;

/**
 * The answer of a script as a value, for a host that is not HTTP: JSON parsed, text as a string, other bytes in base64.
 * Headers and status are left out.
 *
 * @throws EngineError `EntryScriptFailed` when the script answered with a status from 400 on, or more than 1 MiB
 */
export async function valueOfAnswer({ status, headers, body }: ScriptAnswer): Promise<unknown> {
  const bytes = Buffer.from(body instanceof Uint8Array ? body : await collect(body));
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  const value = valueOf(bytes, type);
  if (status < 400) return value;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  throw new EngineError('EntryScriptFailed', `the entry script answered with the status ${status}: ${text.slice(0, 1000)}`, { details: { status } }); // prettier-ignore
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body) {
    size += piece.length;
    if (size > MAX_BYTES) {
      throw new EngineError('EntryScriptFailed', `the entry script streamed more than ${MAX_BYTES} bytes to a request that did not come over HTTP`); // prettier-ignore
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function valueOf(bytes: Buffer, type: string): unknown {
  if (/^application\/(json|[\w.+-]+\+json)\b/.test(type)) {
    try {
      return JSON.parse(bytes.toString()) as unknown;
    } catch {
      return bytes.toString();
    }
  }
  return type.startsWith('text/') ? bytes.toString() : bytes.toString('base64');
}

import { Readable } from 'node:stream';
import type { ScoreResult, ScriptAnswer, Timings } from '@edgewright/engine';
import type { FastifyReply } from 'fastify';

/** Headers that HTTP or this host decides on, whatever a script says. */
const OWN_HEADERS = new Set([
  'connection', 'content-length', 'keep-alive', 'transfer-encoding', 'upgrade', 'trailer',
  'x-request-id', 'x-ms-request-id', 'x-ms-client-request-id', 'x-ms-run-function-failed', 'x-ms-run-fn-exec-ms',
]); // prettier-ignore

/** Hears of a stream that broke after its head was sent. */
export type OnBroken = (error: unknown) => void;

/** Sends what was scored: a value as JSON, or the answer that the entry script made. */
export function sendResult(
  reply: FastifyReply,
  { value, answer, timings }: ScoreResult,
  onBroken: OnBroken,
): FastifyReply {
  markRun(reply, { failed: answer?.failed ?? false, timings });
  if (answer !== undefined) return sendAnswer(reply, answer, onBroken);
  return reply.type('application/json; charset=utf-8').send(JSON.stringify(value));
}

/** Azure ML's headers of a run. */
export function markRun(reply: FastifyReply, { failed, timings }: { failed: boolean; timings: Timings }): void {
  reply.headers({ 'x-ms-run-function-failed': failed ? 'True' : 'False', 'x-ms-run-fn-exec-ms': timings.runMs.toFixed(3) }); // prettier-ignore
}

function sendAnswer(reply: FastifyReply, { status, headers, body }: ScriptAnswer, onBroken: OnBroken): FastifyReply {
  reply.code(status);
  const own = new Map<string, string[]>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    if (!OWN_HEADERS.has(key)) own.set(key, [...(own.get(key) ?? []), value]);
  }
  for (const [name, values] of own) reply.header(name, values.length === 1 ? values[0] : values);
  if (body instanceof Uint8Array) return reply.send(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
  if (reply.request.method === 'HEAD' || status === 204 || status === 304) {
    body.cancel();
    return reply.send();
  }
  // a stream that breaks cuts the connection: to a caller, an answer without its last chunk is none
  const stream = Readable.from(body, { objectMode: false, highWaterMark: 65_536 });
  stream.once('error', onBroken);
  reply.raw.once('close', () => body.cancel());
  return reply.send(stream);
}

import type { MadeAnswer } from '../entry/make-answer.ts';
import { streamFailure } from '../entry/run-entry-script.ts';
import type { JobRequest, ScriptAnswer } from '../scoring/job.ts';
import { IncomingStream } from './incoming-stream.ts';
import { OutgoingStream } from './outgoing-stream.ts';

/** The answer of a script that runs on this thread. Its stream cannot be ended by force: it is left to itself. */
export function answerInProcess({ head, body }: MadeAnswer, request: JobRequest): ScriptAnswer {
  if (body instanceof Uint8Array) return { ...head, body };
  const incoming = new IncomingStream({
    source: {
      more: () => outgoing.more(),
      cancel: () => outgoing.cancel(),
      end: () => outgoing.cancel(),
    },
    idleMs: request.timeoutMs,
    requestId: request.requestId,
  });
  const outgoing = new OutgoingStream(body, {
    chunk: (bytes) => incoming.chunk(bytes),
    end: () => incoming.end(),
    broken: (error) => incoming.broken(streamFailure(error)),
  });
  void outgoing.pump();
  return { ...head, body: incoming };
}

import type { MadeAnswer } from './make-answer.ts';

const MAX_SETTLED_BYTES = 262_144;
const NOT_YET = Symbol('not yet');

/**
 * Reads a body to its end when that is there already, as it is of `new Response('text')`: only what is still being made
 * needs to be streamed.
 */
export async function settleBody({ head, body }: MadeAnswer): Promise<MadeAnswer> {
  if (body instanceof Uint8Array) return { head, body };
  const iterator = body[Symbol.asyncIterator]();
  const read: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const next = iterator.next();
    const result = await Promise.race([next, new Promise<typeof NOT_YET>((resolve) => setImmediate(resolve, NOT_YET))]);
    if (result === NOT_YET) return { head, body: resume(read, next, iterator) };
    if (result.done === true) return { head, body: Buffer.concat(read) };
    if (typeof result.value !== 'string' && !(result.value instanceof Uint8Array)) return { head, body: resume(read, next, iterator) }; // prettier-ignore
    const bytes = typeof result.value === 'string' ? Buffer.from(result.value) : result.value;
    read.push(bytes);
    size += bytes.length;
    if (size > MAX_SETTLED_BYTES) return { head, body: resume(read, iterator.next(), iterator) };
  }
}

/** What was read, then what is under way, then the rest. */
async function* resume(
  read: readonly Uint8Array[],
  next: Promise<IteratorResult<unknown>>,
  iterator: AsyncIterator<unknown>,
): AsyncGenerator {
  let ended = false;
  try {
    // unless it is asked for, its failure would be nobody's
    next.catch(() => {});
    yield* read;
    let result = await next;
    while (result.done !== true) {
      yield result.value;
      result = await iterator.next();
    }
    ended = true;
  } finally {
    if (!ended) await iterator.return?.();
  }
}

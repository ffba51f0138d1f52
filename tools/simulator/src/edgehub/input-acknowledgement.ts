/** How the wait for a module's acknowledgement ended. */
export type InputOutcome = 'acknowledged' | 'timedOut' | 'abandoned';

/**
 * Waits until a sent message is acknowledged, its time is over, or one of the signals says that waiting is in vain.
 *
 * @param send sends the message, and calls back when it is acknowledged
 */
export async function acknowledgementOf(
  send: (onAcknowledged: () => void) => void,
  { timeoutMs, signals }: { readonly timeoutMs: number; readonly signals: readonly AbortSignal[] },
): Promise<InputOutcome> {
  const { promise, resolve } = Promise.withResolvers<InputOutcome>();
  const timer = setTimeout(() => resolve('timedOut'), timeoutMs);
  const abandon = () => resolve('abandoned');
  for (const signal of signals) callbacksOf(signal).add(abandon);
  if (signals.some((signal) => signal.aborted)) abandon();
  else send(() => resolve('acknowledged'));
  const outcome = await promise;
  clearTimeout(timer);
  for (const signal of signals) callbacksOf(signal).delete(abandon);
  return outcome;
}

/** Whom a signal has to tell. Listening anew for each message would be a good part of what a message costs. */
const callbacks = new WeakMap<AbortSignal, Set<() => void>>();

function callbacksOf(signal: AbortSignal): Set<() => void> {
  const known = callbacks.get(signal);
  if (known !== undefined) return known;
  const made = new Set<() => void>();
  callbacks.set(signal, made);
  signal.addEventListener(
    'abort',
    () => {
      for (const tell of made) tell();
    },
    { once: true },
  );
  return made;
}

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
  for (const signal of signals) signal.addEventListener('abort', abandon);
  if (signals.some((signal) => signal.aborted)) abandon();
  else send(() => resolve('acknowledged'));
  const outcome = await promise;
  clearTimeout(timer);
  for (const signal of signals) signal.removeEventListener('abort', abandon);
  return outcome;
}

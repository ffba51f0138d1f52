/**
 * Waits for a promise, but not for ever. The promise itself goes on: its late result is dropped, its late failure too.
 *
 * @param onTimeout makes the error to throw after `timeoutMs`
 * @throws what the promise rejects with, what `onTimeout` gives, or the reason of the signal
 */
export function withDeadline<Value>(
  promise: Promise<Value>,
  options: { readonly timeoutMs: number; readonly onTimeout: () => Error; readonly signal?: AbortSignal | undefined },
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
      settle();
    };
    const onAbort = (): void => finish(() => reject(options.signal?.reason as Error));
    const timer = setTimeout(() => finish(() => reject(options.onTimeout())), options.timeoutMs);
    promise.then(
      (value) => finish(() => resolve(value)),
      (error: unknown) => finish(() => reject(error)),
    );
    if (options.signal?.aborted === true) onAbort();
    else options.signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Turns a call that takes a Node callback into a promise. */
export function fromCallback<Value>(
  start: (callback: (error?: Error | null, value?: Value) => void) => void,
): Promise<Value | undefined> {
  return new Promise((resolve, reject) => {
    start((error, value) => {
      if (error == null) resolve(value);
      else reject(error);
    });
  });
}

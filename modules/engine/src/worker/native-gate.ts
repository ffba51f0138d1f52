// A thread must not be terminated while it is in native code: onnxruntime-node (1.30) then throws into a dying isolate, and
// the whole process aborts. Host and thread agree on it over shared memory, because a busy thread reads no messages.

const STOP = 0;
const INSIDE = 1;
const CELLS = 2;

/** Runs native work of a thread, or any other, under the eyes of whoever may end the thread. */
export type NativeGuard = <T>(work: () => Promise<T>) => Promise<T>;

/** For work that needs no guard: on the main thread, and in processes, which can be ended anywhere. */
export const unguarded: NativeGuard = (work) => work();

/** The memory that a host shares with one thread. */
export function createGate(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT));
}

/** The thread's side: marks native work, and begins none once the host wants to end the thread. */
export function guardOf(gate: Int32Array<SharedArrayBuffer>): NativeGuard {
  return async (work) => {
    Atomics.add(gate, INSIDE, 1);
    if (Atomics.load(gate, STOP) === 1) {
      leave(gate);
      // the host terminates this thread now
      return new Promise<never>(() => {});
    }
    try {
      return await work();
    } finally {
      leave(gate);
    }
  };
}

/** The host's side: resolves when the thread is outside native code, into which it will not go again. */
export async function closeGate(gate: Int32Array<SharedArrayBuffer>): Promise<void> {
  Atomics.store(gate, STOP, 1);
  for (;;) {
    const inside = Atomics.load(gate, INSIDE);
    if (inside === 0) return;
    const { async: waits, value } = Atomics.waitAsync(gate, INSIDE, inside);
    if (waits) await value;
  }
}

function leave(gate: Int32Array<SharedArrayBuffer>): void {
  Atomics.sub(gate, INSIDE, 1);
  Atomics.notify(gate, INSIDE);
}

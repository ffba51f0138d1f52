import { Worker } from 'node:worker_threads';
import { closeGate, createGate } from './native-gate.ts';
import type { WorkerMessage } from './protocol.ts';
import { readLines } from './read-lines.ts';
import { outOfMemory } from './worker-carrier.ts';
import type { CarrierOptions, WorkerCarrier } from './worker-carrier.ts';

interface HeapStatistics {
  readonly used_heap_size: number;
  readonly external_memory: number;
}

/** Starts a worker's program in a thread of this process: arrays are handed over, not copied; native code can take the process with it. */
export function startThread({ program, memoryMb, listener }: CarrierOptions): WorkerCarrier {
  const gate = createGate();
  const worker = new Worker(program, {
    workerData: gate,
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
  });
  let how: string | undefined;
  worker.on('message', (message: WorkerMessage) => listener.message(message));
  worker.on('messageerror', (error) => (how = `it sent what cannot be read: ${error.message}`));
  worker.on('error', (error) => (how = describe(error, memoryMb)));
  const gone = new Promise<false>((resolve) => {
    worker.on('exit', (code) => {
      listener.ended(how ?? `it exited with code ${code}`);
      resolve(false);
    });
  });
  readLines(worker.stdout, (text) => listener.line('stdout', text));
  readLines(worker.stderr, (text) => listener.line('stderr', text));
  return {
    send: (message, transfer = []) => worker.postMessage(message, transfer),
    kill: async () => {
      how ??= 'it was ended';
      const closed = await Promise.race([closeGate(gate).then(() => true), gone]);
      if (closed) await worker.terminate();
    },
    memory: async () => {
      // not in Node.js before 22.16
      const ask = (worker as { getHeapStatistics?: () => Promise<HeapStatistics> }).getHeapStatistics;
      if (ask === undefined) return undefined;
      try {
        const heap = await ask.call(worker);
        return heap.used_heap_size + heap.external_memory;
      } catch {
        // it ends just now
        return undefined;
      }
    },
  };
}

function describe(error: unknown, memoryMb: number): string {
  if (!(error instanceof Error)) return `it threw ${String(error)}`;
  if ((error as { code?: unknown }).code === 'ERR_WORKER_OUT_OF_MEMORY') return outOfMemory(memoryMb);
  return `it failed outside any request: ${error.name}: ${error.message}`;
}

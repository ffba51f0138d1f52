import { Worker } from 'node:worker_threads';
import type { HostMessage, WorkerMessage } from './protocol.ts';

/** What carries a worker's program: a thread or a process. */
export interface WorkerCarrier {
  send(message: HostMessage, transfer?: readonly ArrayBuffer[]): void;
  /** Ends it at once, whatever it does. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Bytes of JavaScript memory with buffers; undefined where that cannot be asked. */
  memory(): Promise<number | undefined>;
}

/** What a carrier tells its owner. `ended` comes once, last. */
export interface CarrierListener {
  message(message: WorkerMessage): void;
  /** A line that the program printed. */
  line(stream: 'stdout' | 'stderr', text: string): void;
  ended(how: string): void;
}

export interface CarrierOptions {
  /** The worker's program. */
  readonly program: URL;
  readonly memoryMb: number;
  readonly listener: CarrierListener;
}

const MAX_LINE = 16_384;

/** Starts the program in a thread of this process. */
export function startThread({ program, memoryMb, listener }: CarrierOptions): WorkerCarrier {
  const worker = new Worker(program, {
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
  });
  let how: string | undefined;
  worker.on('message', (message: WorkerMessage) => listener.message(message));
  worker.on('messageerror', (error) => (how = `it sent what cannot be read: ${error.message}`));
  worker.on('error', (error) => (how = describe(error, memoryMb)));
  worker.on('exit', (code) => listener.ended(how ?? `it exited with code ${code}`));
  readLines(worker.stdout, (text) => listener.line('stdout', text));
  readLines(worker.stderr, (text) => listener.line('stderr', text));
  return {
    send: (message, transfer = []) => worker.postMessage(message, transfer),
    kill: async () => {
      how ??= 'it was ended';
      await worker.terminate();
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

interface HeapStatistics {
  readonly used_heap_size: number;
  readonly external_memory: number;
}

function describe(error: unknown, memoryMb: number): string {
  if (!(error instanceof Error)) return `it threw ${String(error)}`;
  if ((error as { code?: unknown }).code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return `it used more than its ${memoryMb} MB of JavaScript memory (workerMemoryMb)`;
  }
  return `it failed outside any request: ${error.name}: ${error.message}`;
}

function readLines(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line.slice(0, MAX_LINE));
    // a program that prints without ever ending a line
    if (rest.length > MAX_LINE) {
      take(rest.slice(0, MAX_LINE));
      rest = '';
    }
  });
  stream.on('end', () => {
    if (rest !== '') take(rest);
  });
}

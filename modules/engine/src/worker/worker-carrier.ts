import type { HostMessage, WorkerMessage } from './protocol.ts';

/** What carries a worker's program: a thread or a process. */
export interface WorkerCarrier {
  /** @param transfer arrays to hand over; a process gets copies */
  send(message: HostMessage, transfer?: readonly ArrayBuffer[]): void;
  /**
   * Ends it, whatever it does. Resolves when it is gone: a process at once, a thread not before it comes back from native
   * code.
   */
  kill(): Promise<void>;
  /** Bytes of memory that the program made for itself; undefined where that cannot be asked. */
  memory(): Promise<number | undefined>;
}

/** What a carrier tells its owner. `ended` comes once, last. */
export interface CarrierListener {
  readonly message: (message: WorkerMessage) => void;
  /** A line that the program printed. */
  readonly line: (stream: 'stdout' | 'stderr', text: string) => void;
  /** @param how for people: how it came to its end */
  readonly ended: (how: string) => void;
}

export interface CarrierOptions {
  /** The worker's program. */
  readonly program: URL;
  /** Megabytes of JavaScript memory. */
  readonly memoryMb: number;
  readonly listener: CarrierListener;
}

/** Starts a program and carries messages to and from it. */
export type StartCarrier = (options: CarrierOptions) => WorkerCarrier;

/** The sentence for a program that used too much JavaScript memory. */
export function outOfMemory(memoryMb: number): string {
  return `it used more than its ${memoryMb} MB of JavaScript memory (workerMemoryMb)`;
}

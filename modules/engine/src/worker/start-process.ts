import type * as ChildProcess from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { WorkerMessage } from './protocol.ts';
import { readLines } from './read-lines.ts';
import { outOfMemory } from './worker-carrier.ts';
import type { CarrierOptions, WorkerCarrier } from './worker-carrier.ts';

const LAST_WORDS = 20;
// an engine that starts no process need not load what that takes: sockets, datagrams, terminals
const require = createRequire(import.meta.url);

/** Starts a worker's program in a process of its own: whatever it does, this one lives. Arrays are copied to it. */
export function startProcess({ program, memoryMb, listener }: CarrierOptions): WorkerCarrier {
  const { fork } = require('node:child_process') as typeof ChildProcess;
  const child = fork(fileURLToPath(program), [], {
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const lastWords: string[] = [];
  let how: string | undefined;
  let atRest: number | undefined;
  const gone = new Promise<void>((resolve) => {
    child.once('close', (code, signal) => {
      listener.ended(how ?? describe({ code, signal, lastWords, memoryMb }));
      resolve();
    });
  });
  child.on('message', (message) => listener.message(message as WorkerMessage));
  child.on('error', (error) => (how ??= `it could not be started or reached: ${error.message}`));
  if (child.stdout !== null) readLines(child.stdout, (text) => listener.line('stdout', text));
  if (child.stderr !== null) {
    readLines(child.stderr, (text) => {
      lastWords.push(text);
      if (lastWords.length > LAST_WORDS) lastWords.shift();
      listener.line('stderr', text);
    });
  }
  return {
    send: (message) => {
      // that it is gone is heard from 'close'
      if (child.connected) child.send(message, () => {});
    },
    kill: () => {
      how ??= 'it was ended';
      child.kill('SIGKILL');
      return gone;
    },
    memory: async () => {
      const resident = await residentBytes(child.pid);
      // what it held when it was first asked, after loading, is the runtime's and the models'
      atRest ??= resident;
      return resident === undefined || atRest === undefined ? undefined : resident - atRest;
    },
  };
}

function describe(end: { code: number | null; signal: string | null; lastWords: string[]; memoryMb: number }): string {
  if (end.lastWords.some((line) => line.includes('heap out of memory'))) return outOfMemory(end.memoryMb);
  // Node.js prints what it did not catch as `Error: text`, over the stack
  const thrown = end.lastWords.findLast((line) => /^(Uncaught )?\w*Error(: |$)/.test(line));
  const last = thrown === undefined ? '' : `; its last words: ${thrown}`;
  return end.signal === null ? `it exited with code ${end.code}${last}` : `it was ended by ${end.signal}${last}`;
}

/** What a process holds in memory, on Linux (proc(5), statm); undefined elsewhere. */
async function residentBytes(pid: number | undefined): Promise<number | undefined> {
  const PAGE = 4096;
  try {
    const [, pages] = (await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ');
    return Number(pages) * PAGE;
  } catch {
    return undefined;
  }
}

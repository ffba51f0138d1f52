import { readFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import type { NodeSession } from './node-session.ts';
import type { WorkerLane } from './worker-lane.ts';

/** Azure ML's ParallelRunStep writes every 600 s, which is more than most jobs take. */
const EVERY_MS = 30_000;
const PAGE_BYTES = 4096;

/** Writes what the processes of a node take, in `logs/perf`, until it is closed. */
export function nodePerformance({ log, node }: NodeSession, lanes: readonly WorkerLane[]): Disposable {
  const write = async (): Promise<void> => {
    const workers = await Promise.all(lanes.map(async ({ processId }) => await residentBytes(processId)));
    const facts = {
      time: new Date().toISOString(),
      load: loadavg()[0],
      coordinator: await residentBytes('self'),
      workers,
    };
    log.line(`perf/${node}.jsonl`, JSON.stringify(facts));
  };
  const timer = setInterval(() => void write(), EVERY_MS);
  void write();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** What a process holds in memory, on Linux (proc(5), statm); null elsewhere. */
async function residentBytes(processId: number | 'self' | undefined): Promise<number | null> {
  if (processId === undefined) return null;
  const text = await readFile(`/proc/${processId}/statm`, 'utf8').catch(() => undefined);
  return text === undefined ? null : Number(text.split(' ')[1]) * PAGE_BYTES;
}

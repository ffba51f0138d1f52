import { readdir, readFile } from 'node:fs/promises';

const KILOBYTE = 1024;

/**
 * The most memory that a process and its children had in RAM, in bytes, as Linux counts it (proc(5), VmHWM; getrusage's ru_maxrss would
 * count what the parent had when it started the process). Peaks of children that did not coincide add up.
 *
 * @returns undefined where there is no /proc
 */
export async function peakMemory(pid: number): Promise<number | undefined> {
  const own = await highWaterMark(pid);
  if (own === undefined) return undefined;
  const children = await Promise.all((await childrenOf(pid)).map((child) => peakMemory(child)));
  return children.reduce((sum: number, bytes) => sum + (bytes ?? 0), own);
}

async function highWaterMark(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return found === undefined ? undefined : Number(found) * KILOBYTE;
}

async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch((): string[] => []);
  const lists = threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => ''));
  return (await Promise.all(lists)).flatMap((list) =>
    list
      .split(' ')
      .filter((word) => word.trim() !== '')
      .map(Number),
  );
}

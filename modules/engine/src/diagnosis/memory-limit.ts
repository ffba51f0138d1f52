import { readFile } from 'node:fs/promises';

/** Where Linux says how much memory this container may take: the second and the first version of control groups. */
const FILES = ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes'];

/** The bytes of memory that a container leaves to this program; undefined where nothing limits it. */
export async function memoryLimit(machineBytes: number, files: readonly string[] = FILES): Promise<number | undefined> {
  for (const file of files) {
    const text = (await readFile(file, 'utf8').catch(() => '')).trim();
    // without a limit the first version says a number beyond all memory, the second "max"
    if (/^\d+$/.test(text) && Number(text) < machineBytes) return Number(text);
  }
  return undefined;
}

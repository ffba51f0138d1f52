import { readdirSync, readFileSync } from 'node:fs';

const BYTES_PER_KILOBYTE = 1024;

/** The memory of a process that is in RAM, in bytes, as Linux counts it (proc(5), VmRSS); NaN when the process is gone. */
export function residentBytes(pid: number): number {
  return read(pid)?.bytes ?? Number.NaN;
}

/** Of a process and its children together. */
export function residentBytesOfFamily(pid: number): number {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ own: Number(name), ...read(Number(name)) }));
  const family = all.filter(({ own, parent }) => own === pid || parent === pid);
  return family.reduce((sum, { bytes = 0 }) => sum + bytes, 0);
}

function read(pid: number): { parent: number; bytes: number } | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
    return { parent: field('PPid'), bytes: field('VmRSS') * BYTES_PER_KILOBYTE };
  } catch {
    // gone in the meantime
    return undefined;
  }
}

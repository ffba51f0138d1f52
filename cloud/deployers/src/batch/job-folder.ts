import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import path from 'node:path';
import { batchPaths } from '@edgewright/contract';
import type { BatchJob, BatchResult, BatchStatus } from '@edgewright/contract';

/** The lock of the process that runs the job (`modules/batch/src/node/job-lock.ts`). */
const LOCK_FILE = '.coordinator.lock';
const COORDINATOR_LOG = 'coordinator.log';
/** Of a log that is asked for by its last lines. */
const MAX_TAIL_BYTES = 4 * 1024 * 1024;

/** The folder of a job on this machine, through which its process and those who submit talk to each other. */
export class JobFolder {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = path.resolve(directory);
  }

  get coordinatorLog(): string {
    return path.join(this.directory, COORDINATOR_LOG);
  }

  async exists(): Promise<boolean> {
    return (await stat(path.join(this.directory, batchPaths.job)).catch(() => undefined)) !== undefined;
  }

  async readStatus(): Promise<BatchStatus | undefined> {
    return (await this.#read(`${batchPaths.nodes}0/status.json`)) as BatchStatus | undefined;
  }

  async readResult(): Promise<BatchResult | undefined> {
    return (await this.#read(batchPaths.result)) as BatchResult | undefined;
  }

  /** What a run that begins must not find: the end of the one before. Parts stay. */
  async begin(job: BatchJob): Promise<void> {
    for (const name of [batchPaths.cancel, batchPaths.result, `${batchPaths.nodes}0/status.json`, COORDINATOR_LOG]) {
      await rm(path.join(this.directory, name), { force: true });
    }
    await this.#write(batchPaths.job, `${JSON.stringify(job, null, 2)}\n`);
  }

  async requestCancel(): Promise<void> {
    await this.#write(batchPaths.cancel, new Date().toISOString());
  }

  async isCancelRequested(): Promise<boolean> {
    return (await stat(path.join(this.directory, batchPaths.cancel)).catch(() => undefined)) !== undefined;
  }

  /** True while a process runs the job. */
  async hasCoordinator(): Promise<boolean> {
    const file = path.join(this.directory, LOCK_FILE);
    if ((await stat(file).catch(() => undefined)) === undefined) return false;
    const database = new DatabaseSync(file, { timeout: 0 });
    try {
      database.exec('SELECT count(*) FROM sqlite_master');
      return false;
    } catch {
      return true;
    } finally {
      database.close();
    }
  }

  /** Paths below `logs/`, in their order. */
  async logFiles(): Promise<readonly string[]> {
    const folder = path.join(this.directory, batchPaths.logs);
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    return entries
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.draft'))
      .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
      .toSorted();
  }

  /** The last lines of a file below `logs/`; undefined when there is none. */
  async logLines(file: string, lines: number): Promise<readonly string[] | undefined> {
    const folder = path.join(this.directory, batchPaths.logs);
    const target = path.resolve(folder, file);
    return target.startsWith(folder) ? await lastLines(target, lines) : undefined;
  }

  async coordinatorLines(lines: number): Promise<readonly string[]> {
    return (await lastLines(this.coordinatorLog, lines)) ?? [];
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  async #write(name: string, text: string): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const file = path.join(this.directory, name);
    const draft = `${file}.${Math.random().toString(36).slice(2)}`;
    // addresses of inputs may carry signatures
    await writeFile(draft, text, { mode: 0o600 });
    await rename(draft, file);
  }

  async #read(name: string): Promise<unknown> {
    const text = await readFile(path.join(this.directory, name), 'utf8').catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  }
}

async function lastLines(target: string, lines: number): Promise<readonly string[] | undefined> {
  try {
    await using file = await open(target);
    const { size } = await file.stat();
    const from = Math.max(0, size - MAX_TAIL_BYTES);
    const bytes = Buffer.alloc(size - from);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, from);
    const all = bytes.subarray(0, bytesRead).toString().replace(/\n$/, '').split('\n');
    return (from > 0 ? all.slice(1) : all).slice(-lines);
  } catch {
    return undefined;
  }
}

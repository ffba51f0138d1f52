import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { BatchSpec } from '@edgewright/deployers';

/** A batch job as it was submitted. */
export interface BatchRecord {
  readonly spec: BatchSpec;
  readonly computeType: 'local' | 'aks';
  readonly description?: string | undefined;
  /** ISO 8601. */
  readonly createdTime: string;
}

/** What was submitted in a workspace: a folder for each job, with `batch.json` in it. */
export class BatchRecords {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Holds the job's record and its app root. */
  folderOf(name: string): string {
    return path.join(this.#directory, name);
  }

  async find(name: string): Promise<BatchRecord | undefined> {
    const text = await readFile(path.join(this.folderOf(name), 'batch.json'), 'utf8').catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as BatchRecord);
  }

  /** In the order of their names. */
  async list(): Promise<BatchRecord[]> {
    const names = await readdir(this.#directory).catch((): string[] => []);
    const found = await Promise.all(names.toSorted().map((name) => this.find(name)));
    return found.filter((record) => record !== undefined);
  }

  async put(record: BatchRecord): Promise<void> {
    const folder = this.folderOf(record.spec.name);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const draft = path.join(folder, `.batch.${Math.random().toString(36).slice(2)}`);
    await writeFile(draft, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
    await rename(draft, path.join(folder, 'batch.json'));
  }

  async remove(name: string): Promise<void> {
    await rm(this.folderOf(name), { recursive: true, force: true });
  }
}

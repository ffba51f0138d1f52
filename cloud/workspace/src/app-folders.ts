import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { WorkspaceFolders } from './workspace-folders.ts';

/** The app roots of one service, a folder for each revision. */
export class AppFolders {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  directoryOf(revision: number): string {
    return path.join(this.#directory, String(revision));
  }

  /** The highest number that was ever used: those of revisions that failed are not used again either. */
  async lastRevision(known = 0): Promise<number> {
    return Math.max(known, ...(await this.#revisions()));
  }

  /** Removes all but some. */
  async keep(revisions: readonly (number | undefined)[]): Promise<void> {
    for (const revision of await this.#revisions()) {
      if (!revisions.includes(revision)) await rm(this.directoryOf(revision), { recursive: true, force: true });
    }
  }

  async remove(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #revisions(): Promise<number[]> {
    const entries = await readdir(this.#directory).catch((): string[] => []);
    return entries.map(Number).filter((revision) => Number.isInteger(revision));
  }
}

/** The app roots of a service of a workspace. */
export function appFoldersOf(name: string, { services }: WorkspaceFolders): AppFolders {
  return new AppFolders(path.join(services, 'apps', name));
}

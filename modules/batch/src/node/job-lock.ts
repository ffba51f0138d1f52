import path from 'node:path';
import { BatchError } from '../batch-error.ts';

/** The file of the lock, in the folder of a job; `@edgewright/deployers` looks at it too. */
const LOCK_FILE = '.coordinator.lock';
const PATIENCE_MS = 2000;

/**
 * Makes this process the only one that runs a job in a folder. A process that dies loses the lock. Node.js 20, which images for
 * arm32v7 have, knows no SQLite: there is no lock then, and two processes would do the same work twice, with one result.
 *
 * @throws BatchError `JobRuns`
 */
export async function lockJob(folder: string): Promise<Disposable | undefined> {
  const sqlite = await import('node:sqlite').catch(() => undefined);
  if (sqlite === undefined) return undefined;
  const database = new sqlite.DatabaseSync(path.join(folder, LOCK_FILE), { timeout: PATIENCE_MS });
  try {
    database.exec('BEGIN EXCLUSIVE');
    return { [Symbol.dispose]: () => database.close() };
  } catch (cause) {
    database.close();
    throw new BatchError('JobRuns', `the job in ${folder} is run by another process already`, {
      details: { folder },
      cause,
    });
  }
}

import { DatabaseSync } from 'node:sqlite';
import path from 'node:path';
import { BatchError } from '../batch-error.ts';

/** The file of the lock, in the folder of a job; `@edgewright/deployers` looks at it too. */
const LOCK_FILE = '.coordinator.lock';
const PATIENCE_MS = 2000;

/**
 * Makes this process the only one that runs a job in a folder. A process that dies loses the lock.
 *
 * @throws BatchError `JobRuns`
 */
export function lockJob(folder: string): Disposable {
  const database = new DatabaseSync(path.join(folder, LOCK_FILE), { timeout: PATIENCE_MS });
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

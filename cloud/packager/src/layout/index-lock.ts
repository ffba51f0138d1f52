import { open, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { PackagerError } from '../packager-error.ts';

const RETRY_MS = 20;
const WAIT_MS = 30_000;
/** The lock is held for one small read and write; one that is older was left by a process that was killed. */
const STALE_MS = 10_000;

/**
 * Runs an action while no other process changes the index of the same layout.
 *
 * @throws PackagerError `LayoutUnusable` when another process does not give the lock back
 */
export async function withIndexLock<Result>(indexFile: string, action: () => Promise<Result>): Promise<Result> {
  const lockFile = `${indexFile}.lock`;
  const deadline = Date.now() + WAIT_MS;
  while (!(await takeLock(lockFile))) {
    if (Date.now() > deadline) {
      throw new PackagerError(
        'LayoutUnusable',
        `cannot change "${indexFile}": another process has held "${lockFile}" for ${WAIT_MS / 1000} seconds`,
        { details: { lockFile } },
      );
    }
    await sleep(RETRY_MS);
  }
  try {
    return await action();
  } finally {
    await rm(lockFile, { force: true });
  }
}

async function takeLock(lockFile: string): Promise<boolean> {
  try {
    const handle = await open(lockFile, 'wx');
    await handle.close();
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    const age = await stat(lockFile).then(
      (found) => Date.now() - found.mtimeMs,
      () => 0,
    );
    if (age > STALE_MS) await rm(lockFile, { force: true });
    return false;
  }
}

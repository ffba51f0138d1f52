import { renameSync } from 'node:fs';
import { messageOf } from '@edgewright/contract';
import { CollectionError } from '../collection-error.ts';

/** A buffer that cannot be used. */
export function unusable(what: string, cause: unknown): CollectionError {
  return new CollectionError('CollectionBufferUnusable', `cannot ${what} of collected rows: ${messageOf(cause)}`, {
    cause,
  });
}

/** Another process has it: SQLITE_BUSY and SQLITE_LOCKED. */
export function isLocked(error: unknown): boolean {
  const { errcode } = error as { errcode?: number };
  return errcode === 5 || errcode === 6;
}

/** It is no database, or not any more: SQLITE_CORRUPT and SQLITE_NOTADB. */
export function isDamaged(error: unknown): boolean {
  const { errcode } = error as { errcode?: number };
  return errcode === 11 || errcode === 26;
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw error;
  }
}

/** Puts a damaged buffer aside. @returns its new name */
export function putAside(file: string): string {
  const aside = `${file}.damaged-${Date.now()}`;
  for (const suffix of ['', '-wal', '-shm']) renameIfThere(`${file}${suffix}`, `${aside}${suffix}`);
  return aside;
}

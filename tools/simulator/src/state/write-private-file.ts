import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Writes a file whole or not at all, readable by its owner only, as it may hold a secret.
 *
 * @param file in a folder that is made when it is not there
 */
export function writePrivateFile(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  const half = `${file}.new`;
  writeFileSync(half, text, { mode: 0o600, flush: true });
  renameSync(half, file);
}

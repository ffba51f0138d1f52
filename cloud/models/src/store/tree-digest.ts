import { createHash } from 'node:crypto';
import type { ModelFile } from '@edgewright/contract';

/** One name for one set of files, whatever model they belong to. */
export function treeDigest(files: readonly ModelFile[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file.sha256} ${file.path}\n`);
  return hash.digest('hex');
}

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

export interface WatchFilesOptions {
  readonly paths: readonly string[];
  /** Takes the new contents, in the order of the paths. What it throws goes to `failed`, and the former stay in force. */
  readonly changed: (contents: readonly Buffer[]) => void;
  /** Told once for each different failure. */
  readonly failed: (error: unknown) => void;
  /** Default 1000. */
  readonly intervalMs?: number;
}

/**
 * Looks at files again and again, and tells when their bytes have changed. It compares bytes, because Kubernetes exchanges
 * the files of a Secret by a link to another folder, which watchers of file systems miss.
 */
export function watchFiles(first: readonly Buffer[], options: WatchFilesOptions): Disposable {
  let known = digestOf(first);
  let lastFailure = '';
  let looking = false;
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    try {
      const contents = await Promise.all(options.paths.map((path) => readFile(path)));
      const digest = digestOf(contents);
      if (digest !== known) {
        options.changed(contents);
        known = digest;
      }
      lastFailure = '';
    } catch (error) {
      if (String(error) !== lastFailure) options.failed(error);
      lastFailure = String(error);
    } finally {
      looking = false;
    }
  };
  const timer = setInterval(() => void look(), options.intervalMs ?? 1000);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function digestOf(contents: readonly Buffer[]): string {
  const hash = createHash('sha256');
  for (const content of contents) hash.update(`${content.length}:`).update(content);
  return hash.digest('hex');
}

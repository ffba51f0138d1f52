import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FileItem } from '../input/mini-batch.ts';
import type { InputPlace } from './open-place.ts';

/** Where files are on this machine. Closing it removes what was fetched. */
export interface LocalFiles extends AsyncDisposable {
  readonly paths: readonly string[];
}

/**
 * Gives paths to files: as they stand in a folder, else fetched for as long as they are needed.
 *
 * @throws BatchError `PlaceUnusable`
 */
export async function localFiles(files: readonly FileItem[], inputs: readonly InputPlace[]): Promise<LocalFiles> {
  await using cleanup = new AsyncDisposableStack();
  let fetched: string | undefined;
  const paths: string[] = [];
  for (const [i, file] of files.entries()) {
    const place = inputs[file.input]?.place;
    if (place?.folder !== undefined) {
      paths.push(path.join(place.folder, file.name));
      continue;
    }
    if (fetched === undefined) {
      const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-batch-'));
      cleanup.defer(() => rm(folder, { recursive: true, force: true }));
      fetched = folder;
    }
    // a folder of its own, so that its name stays
    const target = path.join(await mkdtemp(path.join(fetched, `${i}-`)), path.posix.basename(file.name));
    await pipeline(Readable.from(place?.stream(file.name) ?? [], { objectMode: false }), createWriteStream(target));
    paths.push(target);
  }
  const closing = cleanup.move();
  return { paths, [Symbol.asyncDispose]: () => closing.disposeAsync() };
}

import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { openPlace } from '@edgewright/batch';
import type { BlobAccess, Place } from '@edgewright/batch';
import { CollectedRowSchema, collectedRowOf, documentIssues, parseCollectionPath } from '@edgewright/contract';
import type { CollectedRow, CollectionPlace } from '@edgewright/contract';
import { readTable } from '../baseline/read-table.ts';
import type { TableRow } from '../baseline/read-table.ts';

/** A collected row and where it was kept. */
export interface FoundRow {
  readonly place: CollectionPlace;
  readonly row: CollectedRow;
}

export interface ReadCollectedOptions {
  /** Which files are read. */
  readonly wants: (place: CollectionPlace) => boolean;
  readonly access: BlobAccess;
  /** Told of rows that are none. */
  readonly skipped: (file: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads what hosts collected, from a folder or a prefix of a container of Azure Blob Storage. Files whose paths are not of the
 * layout are passed over.
 *
 * @throws BatchError `PlaceUnusable` · ContractError `FileNotReadable`
 */
export async function* readCollected(text: string, options: ReadCollectedOptions): AsyncGenerator<FoundRow> {
  const source = await openPlace(text, options.access);
  const staging = await mkdtemp(path.join(tmpdir(), 'edgewright-collected-'));
  try {
    for await (const { name } of source.list()) {
      options.signal?.throwIfAborted();
      const place = parseCollectionPath(name);
      if (place === undefined || !options.wants(place)) continue;
      const file = await localFile(source, name, staging);
      for await (const cells of readTable(file, 'collected data')) {
        const row = place.format === 'jsonl' ? lineOf(cells) : collectedRowOf(cells);
        if (row === undefined) options.skipped(name);
        else yield { place, row };
      }
      if (source.folder === undefined) await rm(file, { force: true });
    }
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function localFile(source: Place, name: string, staging: string): Promise<string> {
  if (source.folder !== undefined) return path.join(source.folder, name);
  const file = path.join(staging, path.posix.basename(name));
  await pipeline(Readable.from(source.stream(name)), createWriteStream(file));
  return file;
}

function lineOf(cells: TableRow): CollectedRow | undefined {
  return documentIssues(CollectedRowSchema, cells).length === 0 ? (cells as unknown as CollectedRow) : undefined;
}

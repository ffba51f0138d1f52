import { createHash } from 'node:crypto';
import { collectionPath } from '@edgewright/contract';
import type { CollectionPlace } from '@edgewright/contract';
import { parse } from 'csv-parse/sync';
import type { Sink } from '../sinks/sink.ts';

/** Where a CSV table goes: its columns are those of the file that is there. */
export interface CsvPlace {
  readonly path: string;
  readonly columns: readonly string[];
  readonly position: number;
}

/**
 * Finds the file of a table: the day's `data.csv`, when it is new or has all of these columns; otherwise the one that is called after
 * the columns.
 */
export async function placeCsv(sink: Sink, place: CollectionPlace, columns: readonly string[]): Promise<CsvPlace> {
  for (const path of [collectionPath(place), pathOfColumns(place, columns)]) {
    const state = await sink.look(path);
    if (state === undefined || state.sizeBytes === 0) return { path, columns, position: 0 };
    const present = readHead(await sink.firstLine(path));
    if (columns.every((column) => present.includes(column))) {
      return { path, columns: present, position: state.sizeBytes };
    }
  }
  const part = `${place.part === undefined ? '' : `${place.part}-`}${Date.now()}`;
  return { path: collectionPath({ ...place, part }), columns, position: 0 };
}

/** The file of a table whose columns do not fit into that of the others. */
export function pathOfColumns(place: CollectionPlace, columns: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(columns)).digest('hex').slice(0, 8);
  const part = place.part === undefined ? digest : `${place.part}-${digest}`;
  return collectionPath({ ...place, part });
}

/** The columns that the first line of a CSV file names; none when it is no such line. */
export function readHead(line: string): string[] {
  try {
    const [columns = []] = parse(line, { relax_column_count: true });
    return columns;
  } catch {
    return [];
  }
}

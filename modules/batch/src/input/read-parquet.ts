import { parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import type { AsyncBuffer, FileMetaData } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { messageOf } from '@edgewright/contract';
import { BatchError } from '../batch-error.ts';
import type { Place } from '../places/place.ts';

/** Of a row group, unpacked: it is held in memory as a whole. */
const MAX_GROUP_BYTES = 1024 * 1024 * 1024;

/** A run of rows of a Parquet file that are stored together. */
export interface RowGroup {
  readonly row: number;
  readonly rows: number;
  /** Unpacked. */
  readonly sizeBytes: number;
}

/** What is known of a Parquet file without reading its rows. */
export interface ParquetFacts {
  readonly columns: readonly string[];
  readonly groups: readonly RowGroup[];
}

/** Reads tables of Parquet from a place, keeping the row group that was read last: mini-batches are parts of one. */
export class ParquetReader {
  readonly #files = new Map<string, { readonly file: AsyncBuffer; readonly metadata: FileMetaData }>();
  #kept: { readonly key: string; readonly rows: readonly Record<string, unknown>[] } | undefined;

  /** @throws BatchError `BatchInputInvalid`, `PlaceUnusable` */
  async facts(place: Place, name: string): Promise<ParquetFacts> {
    const { metadata } = await this.#open(place, name);
    let row = 0;
    const groups = metadata.row_groups.map((group) => {
      const found = { row, rows: Number(group.num_rows), sizeBytes: Number(group.total_byte_size) };
      row += found.rows;
      return found;
    });
    const large = groups.find(({ sizeBytes }) => sizeBytes > MAX_GROUP_BYTES);
    if (large !== undefined) {
      throw invalid({ place, name }, `its row group at row ${large.row} has ${large.sizeBytes} bytes; write it with row groups of at most ${MAX_GROUP_BYTES}`); // prettier-ignore
    }
    const [root, ...elements] = metadata.schema;
    const columns: string[] = [];
    // top-level columns: what is below a group belongs to it
    let skip = 0;
    for (const element of elements) {
      if (skip > 0) {
        skip += (element.num_children ?? 0) - 1;
        continue;
      }
      columns.push(element.name);
      skip = element.num_children ?? 0;
    }
    if (root === undefined) throw invalid({ place, name }, 'it has no schema');
    return { columns, groups };
  }

  /** Rows by their columns. */
  async rows(
    place: Place,
    name: string,
    range: { readonly row: number; readonly count: number },
  ): Promise<readonly Record<string, unknown>[]> {
    const { file, metadata } = await this.#open(place, name);
    let from = 0;
    for (const group of metadata.row_groups) {
      const to = from + Number(group.num_rows);
      if (range.row >= from && range.row < to) {
        const rows = await this.#group(`${place.text}/${name}@${from}`, { file, metadata, from, to });
        return rows.slice(range.row - from, range.row - from + range.count);
      }
      from = to;
    }
    throw invalid({ place, name }, `it has no row ${range.row}`);
  }

  async #group(
    key: string,
    { file, metadata, from, to }: { file: AsyncBuffer; metadata: FileMetaData; from: number; to: number },
  ): Promise<readonly Record<string, unknown>[]> {
    if (this.#kept?.key === key) return this.#kept.rows;
    this.#kept = undefined;
    try {
      const rows = await parquetReadObjects({ file, metadata, compressors, rowStart: from, rowEnd: to });
      this.#kept = { key, rows };
      return rows;
    } catch (cause) {
      throw new BatchError('BatchInputInvalid', `cannot read ${key.replace(/@\d+$/, '')}: ${messageOf(cause)} (rows ${from} to ${to - 1})`, { cause }); // prettier-ignore
    }
  }

  async #open(place: Place, name: string): Promise<{ file: AsyncBuffer; metadata: FileMetaData }> {
    const key = `${place.text}/${name}`;
    const known = this.#files.get(key);
    if (known !== undefined) return known;
    const found = await place.find(name);
    if (found === undefined) throw invalid({ place, name }, 'it is not there any more');
    const file: AsyncBuffer = {
      byteLength: found.sizeBytes,
      slice: async (start, end) => {
        const bytes = await place.read(name, {
          start: start < 0 ? found.sizeBytes + start : start,
          end: end ?? found.sizeBytes,
        });
        return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
      },
    };
    try {
      const opened = { file, metadata: await parquetMetadataAsync(file) };
      // footers of many files are not worth their memory
      if (this.#files.size > 64) this.#files.clear();
      this.#files.set(key, opened);
      return opened;
    } catch (cause) {
      if (cause instanceof BatchError) throw cause;
      throw invalid({ place, name, cause }, messageOf(cause));
    }
  }
}

function invalid(
  { place, name, cause }: { readonly place: Place; readonly name: string; readonly cause?: unknown },
  reason: string,
): BatchError {
  const file = `${place.text}/${name}`;
  return new BatchError('BatchInputInvalid', `cannot read ${file} as Parquet: ${reason}`, { details: { file }, cause });
}

import { tableRowOf } from '@edgewright/contract';
import type { CollectedRow, CollectionFormat, TableRow } from '@edgewright/contract';
import { stringify } from 'csv-stringify/sync';
import { parquetBytes } from './parquet-bytes.ts';

/** Rows as they are written: what stands at the beginning of a new file, and what is appended. */
export interface Rendered {
  readonly head: Uint8Array;
  readonly body: Uint8Array;
}

const NOTHING = new Uint8Array();

/** The columns of rows, in the order in which they come. */
export function columnsOf(rows: readonly CollectedRow[]): string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(tableRowOf(row))))];
}

/** @param columns of a CSV file, its first line */
export function render(rows: readonly CollectedRow[], format: CollectionFormat, columns: readonly string[]): Rendered {
  if (format === 'jsonl') {
    return { head: NOTHING, body: Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join('')) };
  }
  const table = rows.map(tableRowOf);
  if (format === 'parquet') return { head: NOTHING, body: parquetBytes(table, columns) };
  return { head: Buffer.from(csv([columns])), body: Buffer.from(csv(table.map((row) => cellsOf(row, columns)))) };
}

/** The first line of a CSV file with these columns. */
export function csvHead(columns: readonly string[]): string {
  return csv([columns]).trimEnd();
}

function cellsOf(row: TableRow, columns: readonly string[]): (string | number)[] {
  // Object.hasOwn, because a column may be called "constructor"
  return columns.map((column) => {
    const cell = Object.hasOwn(row, column) ? (row[column] ?? null) : null;
    return cell === null ? '' : typeof cell === 'boolean' ? String(cell) : cell;
  });
}

function csv(records: readonly (readonly (string | number)[])[]): string {
  return stringify(
    records.map((record) => [...record]),
    { record_delimiter: '\n', escape_formulas: false },
  );
}

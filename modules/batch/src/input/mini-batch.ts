/** What rows are read from. */
export type TableFormat = 'csv' | 'jsonl' | 'parquet';

/** A table, as the plan names it. */
export interface TableFile {
  readonly kind: 'table';
  /** Which of the job's inputs it is in. */
  readonly input: number;
  /** Its name there. */
  readonly name: string;
  /** What its items are called by in the output. */
  readonly key: string;
  readonly sizeBytes: number;
  readonly format: TableFormat;
  readonly columns: readonly string[];
}

/** Rows of one table: bytes from `start` to `end` of CSV and JSON Lines, rows of Parquet. */
export interface RowsBatch {
  readonly kind: 'rows';
  readonly index: number;
  /** Which of the plan's tables. */
  readonly table: number;
  /** Of the first row, from 0, the header not counted. */
  readonly row: number;
  readonly items: number;
  readonly start: number;
  readonly end: number;
}

/** A file that is an item by itself. */
export interface FileItem {
  readonly input: number;
  readonly name: string;
  readonly key: string;
  readonly sizeBytes: number;
}

/** Several files. */
export interface FilesBatch {
  readonly kind: 'files';
  readonly index: number;
  readonly items: number;
  readonly files: readonly FileItem[];
}

/** What one call of `run()` gets. */
export type MiniBatch = RowsBatch | FilesBatch;

/** What a plan adds up to. */
export interface PlanTotal {
  readonly kind: 'total';
  readonly items: number;
  readonly miniBatches: number;
  readonly tables: number;
  /** Items and mini-batches of each node: `index % nodes`. */
  readonly perNode: readonly { readonly items: number; readonly miniBatches: number }[];
}

/** A line of `plan.jsonl`: tables stand before their mini-batches, and the total at the end. */
export type PlanLine = TableFile | MiniBatch | PlanTotal;

/** What an item is called in the output. */
export function itemText(batch: MiniBatch, at: number, table: TableFile | undefined): string {
  return batch.kind === 'files' ? (batch.files[at]?.key ?? '') : `${table?.key ?? ''} row ${batch.row + at}`;
}

import { stringify } from 'csv-stringify/sync';
import type { MiniBatch, TableFile } from '../input/mini-batch.ts';

/** How results are written: CSV with a header, or JSON Lines. */
export type ResultFormat = 'csv' | 'jsonl';

/** What the name of a file says. */
export function resultFormatOf(fileName: string): ResultFormat {
  return /\.csv$/i.test(fileName) ? 'csv' : 'jsonl';
}

export const CSV_HEADER = 'file,row,result\n';

/** What became of a mini-batch, or of a part of one. Its lines are in the order of its items. */
export interface MiniBatchResult {
  readonly succeeded: number;
  readonly failed: number;
  /** Results, a line each. */
  readonly rows: string;
  /** Items that failed, a line each, JSON. */
  readonly failures: string;
  readonly firstFailure?: { readonly item: string; readonly message: string };
}

/** Collects the lines of a mini-batch, keyed by what its items are called. */
export class ResultLines {
  readonly #batch: MiniBatch;
  readonly #file: string | undefined;
  readonly #table: TableFile | undefined;
  readonly #format: ResultFormat;
  readonly #isKept: boolean;
  #rows = '';
  #failures = '';
  #succeeded = 0;
  #failed = 0;
  #firstFailure: MiniBatchResult['firstFailure'];

  /** @param options `isKept` is off where the script writes its results itself */
  constructor(
    batch: MiniBatch,
    table: TableFile | undefined,
    options: { readonly format: ResultFormat; readonly isKept: boolean },
  ) {
    this.#batch = batch;
    this.#table = table;
    this.#file = table === undefined ? undefined : JSON.stringify(table.key);
    this.#format = options.format;
    this.#isKept = options.isKept;
  }

  /** @param json the result as JSON */
  add(at: number, json: string): void {
    this.#succeeded += 1;
    if (!this.#isKept) return;
    const { file, row } = this.#key(at);
    if (this.#format === 'jsonl')
      this.#rows += `{"file":${file}${row === undefined ? '' : `,"row":${row}`},"result":${json}}\n`;
    else this.#rows += stringify([[JSON.parse(file) as string, row ?? '', csvCell(json)]]);
  }

  fail(at: number, reason: string): void {
    this.#failed += 1;
    const { file, row } = this.#key(at);
    this.#failures += `{"file":${file}${row === undefined ? '' : `,"row":${row}`},"error":${JSON.stringify(reason)}}\n`;
    const item = row === undefined ? (JSON.parse(file) as string) : `${this.#table?.key ?? ''} row ${row}`;
    this.#firstFailure ??= { item, message: reason };
  }

  get result(): MiniBatchResult {
    return {
      succeeded: this.#succeeded,
      failed: this.#failed,
      rows: this.#rows,
      failures: this.#failures,
      ...(this.#firstFailure === undefined ? {} : { firstFailure: this.#firstFailure }),
    };
  }

  #key(at: number): { readonly file: string; readonly row?: number } {
    if (this.#batch.kind === 'files') return { file: JSON.stringify(this.#batch.files[at]?.key ?? '') };
    return { file: this.#file ?? '""', row: this.#batch.row + at };
  }
}

/** Texts and numbers stand for themselves in a cell, all else as JSON. */
function csvCell(json: string): string {
  return json.startsWith('"') ? (JSON.parse(json) as string) : json;
}

/** Parts of a mini-batch, in their order, as one. */
export function joinResults(parts: readonly MiniBatchResult[]): MiniBatchResult {
  const firstFailure = parts.find((part) => part.firstFailure !== undefined)?.firstFailure;
  return {
    succeeded: parts.reduce((sum, part) => sum + part.succeeded, 0),
    failed: parts.reduce((sum, part) => sum + part.failed, 0),
    rows: parts.map((part) => part.rows).join(''),
    failures: parts.map((part) => part.failures).join(''),
    ...(firstFailure === undefined ? {} : { firstFailure }),
  };
}

import type { TableFormat } from './mini-batch.ts';

const FORMATS: readonly (readonly [RegExp, TableFormat])[] = [
  [/\.csv$/i, 'csv'],
  [/\.(jsonl|ndjson)$/i, 'jsonl'],
  [/\.parquet$/i, 'parquet'],
];

/** What a file holds, by its name; undefined for what is no table. */
export function tableFormatOf(name: string): TableFormat | undefined {
  return FORMATS.find(([pattern]) => pattern.test(name))?.[1];
}

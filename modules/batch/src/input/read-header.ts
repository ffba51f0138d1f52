import { parse } from 'csv-parse/sync';
import { messageOf } from '@edgewright/contract';
import { BatchError } from '../batch-error.ts';

/**
 * The columns of CSV, by its first record.
 *
 * @throws BatchError `BatchInputInvalid`
 */
export function readCsvHeader(
  first: Buffer,
  { delimiter, header, file }: { readonly delimiter: string; readonly header: boolean; readonly file: string },
): readonly string[] {
  try {
    const [cells = []] = parse(first, {
      delimiter,
      bom: true,
      relax_quotes: true,
      skip_empty_lines: true,
      to_line: 1,
      to: 1,
    });
    if (!header) return cells.map((_, at) => String(at));
    const names = cells.map((cell) => cell.trim());
    const twice = names.find((name, at) => names.indexOf(name) !== at);
    if (twice === undefined) return names;
    throw new BatchError('BatchInputInvalid', `cannot read ${file}: two columns are called "${twice}"; without a header set "header" to false`); // prettier-ignore
  } catch (cause) {
    if (cause instanceof BatchError) throw cause;
    throw new BatchError('BatchInputInvalid', `cannot read the header of ${file}: ${messageOf(cause)}`, { cause });
  }
}

/** The columns of JSON Lines: the keys of the first object. Later ones may have others. */
export function readJsonColumns(first: Buffer): readonly string[] {
  try {
    const [line = ''] = first.toString().split('\n', 1);
    const value = JSON.parse(line) as unknown;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
  } catch {
    // the row itself will say what is wrong with it
    return [];
  }
}

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { ContractError, isEdgewrightError, messageOf, parseJson } from '@edgewright/contract';

/** A row by its columns. Cells of CSV are texts. */
export type TableRow = Readonly<Record<string, unknown>>;

/** Longer lines are no rows. */
const MAX_RECORD_BYTES = 16 * 1024 * 1024;

/**
 * Reads the rows of a table one after the other: CSV (`,`, `;` or tabs; a first line of numbers is no header), JSON Lines with an object on each line, or
 * Parquet, by the end of the file's name.
 *
 * @param what the table is, for messages
 * @throws ContractError `FileNotReadable`, `InvalidJson`, `InvalidDocument`
 */
export async function* readTable(file: string, what: string): AsyncGenerator<TableRow> {
  const found = await stat(file).catch((cause: unknown) => {
    throw notReadable(file, what, { reason: messageOf(cause), cause });
  });
  if (!found.isFile()) throw notReadable(file, what, { reason: 'it is not a file' });
  const reader = /\.csv$/i.test(file) ? readCsv : /\.(jsonl|ndjson)$/i.test(file) ? readJsonLines : /\.parquet$/i.test(file) ? readParquet : undefined; // prettier-ignore
  if (reader === undefined) {
    throw notReadable(file, what, { reason: 'its name ends in none of .csv, .jsonl, .ndjson and .parquet' });
  }
  try {
    yield* reader(file);
  } catch (cause) {
    if (isEdgewrightError(cause)) throw cause;
    throw notReadable(file, what, { reason: messageOf(cause), cause });
  }
}

async function* readCsv(file: string): AsyncGenerator<TableRow> {
  const { parse } = await import('csv-parse');
  const first = await firstLine(file);
  const delimiter = delimiterOf(first);
  const parser = parse({
    bom: true,
    columns: columnsOf(first.split(delimiter), file),
    delimiter,
    skip_empty_lines: true,
    max_record_size: MAX_RECORD_BYTES,
    trim: true,
  });
  const source = createReadStream(file);
  source.on('error', (error) => parser.destroy(error));
  yield* source.pipe(parser) as AsyncIterable<TableRow>;
}

/** Without a header, which has no numbers, columns are called by their places from 0. */
function columnsOf(cells: readonly string[], file: string): string[] | ((header: readonly string[]) => string[]) {
  if (cells.every((cell) => cell.trim() !== '' && Number.isFinite(Number(cell))))
    return cells.map((_, place) => String(place));
  return (header) => checkHeader(header, file);
}

function checkHeader(header: readonly string[], file: string): string[] {
  const names = header.map((name) => name.trim());
  const twice = names.find((name, at) => name === '' || names.indexOf(name) !== at);
  if (twice === undefined) return names;
  const fault = twice === '' ? 'a column has no name' : `two columns are called "${twice}"`;
  throw new ContractError('InvalidDocument', `cannot read "${file}": ${fault} in its first line`, {
    details: { file },
  });
}

async function firstLine(file: string): Promise<string> {
  for await (const line of createInterface({ input: createReadStream(file, { end: 1_048_575 }) })) return line;
  return '';
}

/** The separator of which the first line has most. */
function delimiterOf(line: string): string {
  const counted = [',', ';', '\t'].map((delimiter) => ({ delimiter, count: line.split(delimiter).length }));
  return counted.toSorted((a, b) => b.count - a.count)[0]?.delimiter ?? ',';
}

async function* readJsonLines(file: string): AsyncGenerator<TableRow> {
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    number += 1;
    if (line.trim() === '') continue;
    const place = `${file}, line ${number}`;
    if (line.length > MAX_RECORD_BYTES)
      throw new RangeError(`line ${number} has more than ${MAX_RECORD_BYTES} characters`);
    const value = parseJson(line, place);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new ContractError('InvalidDocument', `${place} is no object with the columns of a row`, {
        details: { file },
      });
    }
    yield value as TableRow;
  }
}

async function* readParquet(file: string): AsyncGenerator<TableRow> {
  const [{ asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects }, { compressors }] = await Promise.all([
    import('hyparquet'),
    import('hyparquet-compressors'),
  ]);
  const buffer = await asyncBufferFromFile(file);
  const metadata = await parquetMetadataAsync(buffer);
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    yield* await parquetReadObjects({ file: buffer, metadata, compressors, rowStart, rowEnd });
    rowStart = rowEnd;
  }
}

function notReadable(
  file: string,
  what: string,
  { reason, cause }: { readonly reason: string; readonly cause?: unknown },
): ContractError {
  return new ContractError('FileNotReadable', `cannot read ${what} "${file}": ${reason}`, {
    details: { path: file },
    ...(cause === undefined ? {} : { cause }),
  });
}

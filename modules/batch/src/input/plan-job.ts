import { DEFAULT_MINI_BATCH_BYTES, DEFAULT_MINI_BATCH_FILES, miniBatchBytes } from '@edgewright/contract';
import type { SettledBatchJob } from '@edgewright/contract';
import { BatchError } from '../batch-error.ts';
import { openInput } from '../places/open-place.ts';
import type { InputPlace } from '../places/open-place.ts';
import type { BlobAccess } from '../places/blob-place.ts';
import type { PlaceEntry } from '../places/place.ts';
import { findRecords } from './find-records.ts';
import type { FileItem, MiniBatch, PlanLine, TableFile } from './mini-batch.ts';
import { ParquetReader } from './read-parquet.ts';
import { readCsvHeader, readJsonColumns } from './read-header.ts';
import { tableFormatOf } from './table-format.ts';

type Unnumbered = MiniBatch extends infer Batch ? (Batch extends MiniBatch ? Omit<Batch, 'index'> : never) : never;
interface Listed extends PlaceEntry {
  readonly input: number;
  readonly key: string;
}

/**
 * Divides the input of a job into mini-batches, in the order of its items. Tables are read once for that, as a stream; memory
 * does not grow with them. The same input makes the same plan.
 *
 * @throws BatchError `BatchInputInvalid`, `PlaceUnusable`
 */
export async function* planJob(job: SettledBatchJob, access: BlobAccess): AsyncGenerator<PlanLine> {
  const inputs = await Promise.all(job.inputs.map((text) => openInput(text, access)));
  const isTabular = await formatOf(job, inputs);
  const perNode = Array.from({ length: job.nodeCount }, () => ({ items: 0, miniBatches: 0 }));
  const source = isTabular ? tableBatches(job, inputs) : fileBatches(job, inputs);
  let index = 0;
  let items = 0;
  let tables = 0;
  for await (const line of source) {
    if (line.kind === 'table') {
      tables += 1;
      yield line;
      continue;
    }
    const node = perNode[index % job.nodeCount];
    if (node !== undefined) {
      node.items += line.items;
      node.miniBatches += 1;
    }
    items += line.items;
    yield { ...line, index };
    index += 1;
  }
  if (index === 0) throw new BatchError('BatchInputInvalid', `there is nothing to score: ${inputText(job)} has no ${isTabular ? 'rows' : 'files'}`); // prettier-ignore
  yield { kind: 'total', items, miniBatches: index, tables, perNode };
}

async function* listed(job: SettledBatchJob, inputs: readonly InputPlace[]): AsyncGenerator<Listed> {
  for (const [input, { place, only }] of inputs.entries()) {
    // with one input the name says all; with several the input belongs to it
    const prefix = inputs.length === 1 ? '' : `${(job.inputs[input] ?? '').replace(/\?.*$/, '').replace(/\/+$/, '')}${only === undefined ? '/' : ''}`; // prettier-ignore
    if (only !== undefined) {
      const found = await place.find(only);
      if (found !== undefined) yield { ...found, input, key: inputs.length === 1 ? only : prefix };
      continue;
    }
    for await (const entry of place.list()) yield { ...entry, input, key: prefix + entry.name };
  }
}

/** Whether run() gets rows: as the job says, else when all files are tables. */
async function formatOf(job: SettledBatchJob, inputs: readonly InputPlace[]): Promise<boolean> {
  if (job.inputFormat !== undefined) return job.inputFormat === 'tabular';
  let table: string | undefined;
  for await (const { key } of listed(job, inputs)) {
    if (tableFormatOf(key) === undefined) {
      if (table === undefined) return false;
      throw new BatchError('BatchInputInvalid', `the input has tables such as ${table}, and other files such as ${key}; say what they are with inputFormat: tabular (only .csv, .jsonl and .parquet) or file`); // prettier-ignore
    }
    table ??= key;
  }
  return table !== undefined;
}

async function* fileBatches(job: SettledBatchJob, inputs: readonly InputPlace[]): AsyncGenerator<Unnumbered> {
  const size = job.miniBatchSize ?? DEFAULT_MINI_BATCH_FILES;
  const count = Number(size);
  if (!Number.isSafeInteger(count) || count < 1 || count > 100_000) {
    throw new BatchError('BatchInputInvalid', `miniBatchSize is "${size}", but the input is files: expected how many of them one call of run() gets, from 1 to 100000`); // prettier-ignore
  }
  let files: FileItem[] = [];
  for await (const { input, name, key, sizeBytes } of listed(job, inputs)) {
    files.push({ input, name, key, sizeBytes });
    if (files.length < count) continue;
    yield { kind: 'files', items: files.length, files };
    files = [];
  }
  if (files.length > 0) yield { kind: 'files', items: files.length, files };
}

async function* tableBatches(
  job: SettledBatchJob,
  inputs: readonly InputPlace[],
): AsyncGenerator<Unnumbered | TableFile> {
  const bytes = miniBatchBytes(job.miniBatchSize ?? DEFAULT_MINI_BATCH_BYTES);
  if (bytes === undefined) {
    throw new BatchError(
      'BatchInputInvalid',
      `miniBatchSize is "${job.miniBatchSize}": expected a size such as 512kb or 1MB`,
    );
  }
  let table = 0;
  for await (const entry of listed(job, inputs)) {
    const format = tableFormatOf(entry.name);
    // whoever says that the input is tabular means what is
    if (format === undefined) continue;
    const { place } = inputs[entry.input] ?? {};
    if (place === undefined) continue;
    const head = { kind: 'table', ...entry, format } as const;
    const batches = format === 'parquet' ? parquetBatches : textBatches;
    for await (const line of batches(job, { place }, { head, bytes })) {
      yield line.kind === 'rows' ? { ...line, table } : line;
    }
    table += 1;
  }
}

interface TablePlan {
  readonly head: Omit<TableFile, 'columns'>;
  readonly bytes: number;
}

async function* textBatches(
  job: SettledBatchJob,
  { place }: InputPlace,
  { head, bytes }: TablePlan,
): AsyncGenerator<Unnumbered | TableFile> {
  const { name, format } = head;
  const isCsv = format === 'csv';
  const ranges = findRecords(place.stream(name), {
    text: head.key,
    rangeBytes: bytes,
    delimiter: isCsv ? job.delimiter : undefined,
    header: isCsv && job.header,
  });
  let row = 0;
  let isFirst = true;
  for await (const { start, end, records } of ranges) {
    if (isFirst) {
      isFirst = false;
      const first = await place.read(name, { start, end });
      yield { ...head, columns: isCsv ? readCsvHeader(first, { ...job, file: head.key }) : readJsonColumns(first) };
      if (isCsv && job.header) continue;
    }
    yield { kind: 'rows', table: 0, row, items: records, start, end };
    row += records;
  }
  if (isFirst) yield { ...head, columns: [] };
}

async function* parquetBatches(
  _job: SettledBatchJob,
  { place }: InputPlace,
  { head, bytes }: TablePlan,
): AsyncGenerator<Unnumbered | TableFile> {
  const { columns, groups } = await new ParquetReader().facts(place, head.name);
  yield { ...head, columns };
  for (const group of groups) {
    const rows = Math.max(1, Math.floor((group.rows * bytes) / Math.max(1, group.sizeBytes)));
    for (let from = 0; from < group.rows; from += rows) {
      const items = Math.min(rows, group.rows - from);
      yield { kind: 'rows', table: 0, row: group.row + from, items, start: 0, end: 0 };
    }
  }
}

function inputText({ inputs }: SettledBatchJob): string {
  return inputs.map((text) => text.replace(/\?.*$/, '')).join(', ');
}

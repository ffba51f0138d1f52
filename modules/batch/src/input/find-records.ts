import { BatchError } from '../batch-error.ts';

/** Whole records that stand together in a text file. */
export interface RecordRange {
  /** Bytes, the end not included. */
  readonly start: number;
  readonly end: number;
  readonly records: number;
}

export interface FindRecordsOptions {
  /** For messages. */
  readonly text: string;
  /** What begins a new range once it is reached. A record that is larger is a range by itself. */
  readonly rangeBytes: number;
  /** The separator of cells, when quotes may hide the end of a line; undefined for JSON Lines. */
  readonly delimiter: string | undefined;
  /** Whether the first record is a range of its own. */
  readonly header: boolean;
}

/** Larger records are no records: a quote that is never closed, or a file of another kind. */
export const MAX_RECORD_BYTES = 16 * 1024 * 1024;

const NEW_LINE = 0x0a;
const RETURN = 0x0d;
const QUOTE = 0x22;

/**
 * Finds where ranges of whole records begin and end in CSV or JSON Lines, without reading what they say. Memory does not grow
 * with the file. Empty lines are no records.
 *
 * @throws BatchError `BatchInputInvalid` for a record above 16 MiB, and for a quote that is not closed
 */
export async function* findRecords(
  source: AsyncIterable<Uint8Array>,
  options: FindRecordsOptions,
): AsyncGenerator<RecordRange> {
  const scan = new RecordScan(options);
  for await (const chunk of source) {
    yield* scan.take(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  }
  yield* scan.end();
}

class RecordScan {
  readonly #options: FindRecordsOptions;
  readonly #delimiter: number;
  #base = 0;
  #inQuotes = false;
  #quotedAt = 0;
  #closedAt = -1;
  /** The byte before the present one. */
  #before = NEW_LINE;
  #recordStart = 0;
  #range = { start: 0, records: 0 };
  #total = 0;
  #isHeaderDue: boolean;

  constructor(options: FindRecordsOptions) {
    this.#options = options;
    this.#delimiter = options.delimiter?.charCodeAt(0) ?? -1;
    this.#isHeaderDue = options.header;
  }

  *take(chunk: Buffer): Generator<RecordRange> {
    const base = this.#base;
    let at = 0;
    let quote = this.#nextQuote(chunk, 0);
    while (at < chunk.length) {
      if (this.#inQuotes) {
        if (quote < at) quote = this.#nextQuote(chunk, at);
        if (quote === Infinity) break;
        this.#inQuotes = false;
        this.#closedAt = base + quote;
        at = quote + 1;
        continue;
      }
      const line = chunk.indexOf(NEW_LINE, at);
      const limit = line === -1 ? chunk.length : line;
      if (quote < at) quote = this.#nextQuote(chunk, at);
      if (quote < limit) {
        if (this.#opens(chunk, quote)) {
          this.#inQuotes = true;
          this.#quotedAt = base + quote;
        }
        at = quote + 1;
        continue;
      }
      if (line === -1) break;
      yield* this.#record(base + line + 1, this.#isBlank(chunk, line));
      at = line + 1;
    }
    this.#before = chunk.at(-1) ?? this.#before;
    this.#base = base + chunk.length;
    this.#checkSize();
  }

  *end(): Generator<RecordRange> {
    if (this.#inQuotes) throw this.#fault(`a quote is opened at byte ${this.#quotedAt} and never closed`);
    if (this.#base > this.#recordStart) yield* this.#record(this.#base, false);
    if (this.#range.records > 0) yield this.#close(this.#base);
  }

  *#record(end: number, isBlank: boolean): Generator<RecordRange> {
    if (isBlank) {
      // it belongs to the range, whose reader leaves it out too
      this.#recordStart = end;
      if (this.#range.records === 0) this.#range.start = end;
      return;
    }
    const size = end - this.#range.start;
    if (this.#range.records > 0 && size > this.#options.rangeBytes) yield this.#close(this.#recordStart);
    this.#range.records += 1;
    this.#recordStart = end;
    if (this.#isHeaderDue) {
      this.#isHeaderDue = false;
      yield this.#close(end);
      this.#total = 0;
    }
  }

  #close(end: number): RecordRange {
    const range = { start: this.#range.start, end, records: this.#range.records };
    this.#total += range.records;
    this.#range = { start: end, records: 0 };
    return range;
  }

  #nextQuote(chunk: Buffer, from: number): number {
    if (this.#options.delimiter === undefined) return Infinity;
    const found = chunk.indexOf(QUOTE, from);
    return found === -1 ? Infinity : found;
  }

  /** A quote means something at the start of a cell, and again right behind one that closed: that was an escaped quote. */
  #opens(chunk: Buffer, at: number): boolean {
    if (this.#closedAt === this.#base + at - 1) return true;
    const before = at === 0 ? this.#before : chunk[at - 1];
    if (before === this.#delimiter || before === NEW_LINE || before === RETURN) return true;
    // behind a byte order mark
    return this.#base + at === 3 && this.#recordStart === 0;
  }

  #isBlank(chunk: Buffer, line: number): boolean {
    const length = this.#base + line - this.#recordStart;
    if (length === 0) return true;
    return length === 1 && (line === 0 ? this.#before : chunk[line - 1]) === RETURN;
  }

  #checkSize(): void {
    if (this.#base - this.#recordStart <= MAX_RECORD_BYTES) return;
    const hint = this.#inQuotes ? `; a quote is open since byte ${this.#quotedAt}` : '';
    throw this.#fault(
      `the record that begins at byte ${this.#recordStart} has more than ${MAX_RECORD_BYTES} bytes${hint}`,
    );
  }

  #fault(reason: string): BatchError {
    const row = this.#total + this.#range.records;
    const { text } = this.#options;
    return new BatchError('BatchInputInvalid', `cannot read ${text}: ${reason} (row ${row})`, {
      details: { file: text, row },
    });
  }
}

import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { stringify } from 'csv-stringify/sync';
import { describe, expect, it } from 'vitest';
import { findRecords } from './find-records.ts';
import type { RecordRange } from './find-records.ts';

async function* inChunks(bytes: Buffer, size: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

interface Options {
  readonly chunk?: number;
  readonly range?: number;
  readonly header?: boolean;
  readonly delimiter?: string | undefined;
}

async function find(text: string, options: Options = {}): Promise<RecordRange[]> {
  const { chunk = 7, range = 20, header = false } = options;
  const delimiter = 'delimiter' in options ? options.delimiter : ',';
  const source = inChunks(Buffer.from(text), chunk);
  return await Array.fromAsync(findRecords(source, { text: 'table.csv', rangeBytes: range, delimiter, header }));
}

describe('ranges of records', () => {
  it('end where records end, and are no larger than asked for', async () => {
    expect(await find('a,b\n1,2\n3,4\n', { range: 8 })).toEqual([
      { start: 0, end: 8, records: 2 },
      { start: 8, end: 12, records: 1 },
    ]);
  });

  it('hold a record that is larger than asked for by itself, and the header apart', async () => {
    expect(await find('a,b\n111111111,2\n3,4', { range: 3, header: true })).toEqual([
      { start: 0, end: 4, records: 1 },
      { start: 4, end: 16, records: 1 },
      { start: 16, end: 19, records: 1 },
    ]);
  });

  it('do not end inside quotes, and count no empty lines', async () => {
    const text = '"a\nb",1\r\n\r\n"say ""hi""\n",2\n\n5" pipe,3\n';
    const ranges = await find(text, { range: 1 });
    expect(ranges.map(({ start, end }) => text.slice(start, end).trim())).toEqual([
      '"a\nb",1',
      '"say ""hi""\n",2',
      '5" pipe,3',
    ]);
  });

  it('of JSON Lines know no quotes', async () => {
    expect(await find('{"a":"x"}\n{"a":1}\n', { range: 1, delimiter: undefined })).toHaveLength(2);
  });

  it('are refused when a quote is never closed, with the place', async () => {
    await expect(find('1,2\n3,"4\n5,6\n')).rejects.toThrow(
      /table\.csv: a quote is opened at byte 6 and never closed \(row 1\)/,
    );
  });

  it('read each by itself give the rows that the whole gives, wherever chunks end', async () => {
    const cell = fc.oneof(fc.string(), fc.constantFrom('"', '\n', '\r\n', ',', '""', 'a"b', '"x",\n'));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, cell), { maxLength: 12 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 60 }),
        async (rows, chunk, range) => {
          const text = stringify(rows, { quoted: true });
          const ranges = await find(text, { chunk, range });
          const bytes = Buffer.from(text);
          const read = ranges.flatMap(({ start, end, records }) => {
            const some = parse(bytes.subarray(start, end), { relax_quotes: true });
            expect(some).toHaveLength(records);
            return some;
          });
          expect(read).toEqual(parse(text));
        },
      ),
      { numRuns: 150 },
    );
  });
});

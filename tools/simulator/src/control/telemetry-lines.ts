import { PassThrough, pipeline } from 'node:stream';
import type { Readable } from 'node:stream';
import type { TelemetryRecord } from '../hub/telemetry-record.ts';

/** An empty line so often tells the reader that the stream lives. */
const HEARTBEAT_MS = 5000;

/** A message as one line of the control interface's stream: JSON, the body as base64. */
type TelemetryLine = Omit<TelemetryRecord, 'body'> & { readonly body: string };

/** Messages as lines, with an empty line at the beginning and now and then when nothing comes. */
export function encodeTelemetry(
  records: AsyncIterable<TelemetryRecord>,
  lineOf: (record: TelemetryRecord) => string = telemetryLine,
): Readable {
  const stream = new PassThrough();
  // the answer's head goes out with the first line: the reader then knows that it is listening
  stream.write('\n');
  const beat = setInterval(() => {
    if (stream.writable && stream.writableLength === 0) stream.write('\n');
  }, HEARTBEAT_MS);
  // a failure ends the stream early, which the reader notices
  pipeline(linesOf(records, lineOf), stream, () => clearInterval(beat));
  return stream;
}

async function* linesOf(
  records: AsyncIterable<TelemetryRecord>,
  lineOf: (record: TelemetryRecord) => string,
): AsyncGenerator<string> {
  for await (const record of records) yield `${lineOf(record)}\n`;
}

function telemetryLine(record: TelemetryRecord): string {
  const line: TelemetryLine = { ...record, body: record.body.toString('base64') };
  return JSON.stringify(line);
}

/** Reads what `encodeTelemetry` wrote. */
export async function* decodeTelemetry(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<TelemetryRecord> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') continue;
      const read = JSON.parse(line) as TelemetryLine;
      yield { ...read, body: Buffer.from(read.body, 'base64') };
    }
  }
}

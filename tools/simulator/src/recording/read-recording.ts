import { checkDocument, parseJson } from '@edgewright/contract';
import Type from 'typebox';
import { SimulatorError } from '../simulator-error.ts';

/** More than the largest message has as base64 with its properties. */
const MAX_LINE_BYTES = 1024 * 1024;

const Texts = Type.Record(Type.String(), Type.String());

const LineSchema = Type.Object({
  deviceId: Type.String({ minLength: 1 }),
  moduleId: Type.Optional(Type.String({ minLength: 1 })),
  enqueuedTime: Type.Optional(Type.String()),
  properties: Type.Optional(Texts),
  systemProperties: Type.Optional(Texts),
  body: Type.Optional(Type.Unknown()),
  bodyText: Type.Optional(Type.String()),
  bodyBase64: Type.Optional(Type.String()),
});

/** A message of a recording. */
export interface RecordedMessage {
  readonly deviceId: string;
  readonly moduleId?: string;
  /** When it reached the hub, in milliseconds since 1970; undefined when the line does not say. */
  readonly at: number | undefined;
  readonly body: Buffer;
  readonly properties: Readonly<Record<string, string>>;
  readonly systemProperties: Readonly<Record<string, string>>;
}

/**
 * Reads a recording, or what `sim monitor --output json` printed: one message a line. Keeps one line in memory.
 *
 * @param source its name, for messages
 * @throws SimulatorError `SimulatorRequestInvalid`, ContractError, both with the line's number
 */
export async function* readRecording(
  chunks: AsyncIterable<Uint8Array>,
  source: string,
): AsyncGenerator<RecordedMessage> {
  let number = 0;
  for await (const line of linesOf(chunks, source)) {
    number += 1;
    if (line.trim() !== '') yield messageOf(line, `line ${number} of ${source}`);
  }
}

function messageOf(line: string, where: string): RecordedMessage {
  const read = checkDocument(LineSchema, parseJson(line, where), where);
  const at = read.enqueuedTime === undefined ? undefined : Date.parse(read.enqueuedTime);
  if (at !== undefined && Number.isNaN(at)) {
    throw new SimulatorError('SimulatorRequestInvalid', `${where}: enqueuedTime is "${read.enqueuedTime}", not a time`);
  }
  return {
    deviceId: read.deviceId,
    ...(read.moduleId !== undefined && { moduleId: read.moduleId }),
    at,
    body: bodyOf(read, where),
    properties: read.properties ?? {},
    systemProperties: read.systemProperties ?? {},
  };
}

function bodyOf(
  read: { readonly body?: unknown; readonly bodyText?: string; readonly bodyBase64?: string },
  where: string,
): Buffer {
  if (read.bodyBase64 !== undefined) return Buffer.from(read.bodyBase64, 'base64');
  if (read.bodyText !== undefined) return Buffer.from(read.bodyText);
  if ('body' in read) return Buffer.from(JSON.stringify(read.body));
  throw new SimulatorError('SimulatorRequestInvalid', `${where} has no body, bodyText or bodyBase64`);
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>, source: string): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
    if (rest.length > MAX_LINE_BYTES) {
      throw new SimulatorError('SimulatorRequestInvalid', `${source} has a line of more than ${MAX_LINE_BYTES} bytes`);
    }
  }
  if (rest !== '') yield rest;
}

import type { ByteSource } from './byte-source.ts';

/** A stretch of a source: from `start` up to, not including, `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** One field of a protobuf message, its payload not yet read. */
export interface WireField extends ByteRange {
  readonly number: number;
  /** 0 varint, 1 eight bytes, 2 with a length, 5 four bytes. */
  readonly wireType: number;
  /** The value of a varint; 0 for the other wire types. */
  readonly value: number;
}

/** Where and why bytes are not a protobuf message. Turned into a ModelsError by the reader of the file. */
export class WireFault extends SyntaxError {
  readonly offset: number;
  /** True when the bytes are right up to their end, which comes too early. */
  readonly isTruncated: boolean;

  constructor(message: string, offset: number, isTruncated: boolean) {
    super(message);
    this.offset = offset;
    this.isTruncated = isTruncated;
  }
}

const MAX_VARINT_BYTES = 10;

/**
 * Walks over the fields of one message, reading tags and lengths only
 * (https://protobuf.dev/programming-guides/encoding/). protobufjs decodes messages from memory, and an ONNX file may be
 * 2 GB of weights; so this finds the small messages in it that protobufjs then decodes.
 *
 * @throws WireFault
 */
export function* wireFields(source: ByteSource, range: ByteRange): Generator<WireField, void, undefined> {
  let offset = range.start;
  while (offset < range.end) {
    const tag = readVarint(source, { start: offset, end: range.end });
    const number = Math.floor(tag.value / 8);
    const wireType = tag.value % 8;
    if (number < 1 || number > 536_870_911) throw new WireFault(`field number ${number}`, offset, false);
    const field = { number, wireType, value: 0, start: tag.end, end: tag.end };
    if (wireType === 0) {
      const varint = readVarint(source, { start: tag.end, end: range.end });
      yield { ...field, value: varint.value, end: varint.end };
      offset = varint.end;
      continue;
    }
    const payload = payloadOf(source, field, range.end);
    if (payload.end > range.end) {
      const needed = payload.end - payload.start;
      throw new WireFault(
        `field ${number} at byte ${offset} needs ${needed} bytes, of which ${range.end - payload.start} are there`,
        offset,
        true,
      );
    }
    yield { ...field, ...payload };
    offset = payload.end;
  }
}

function payloadOf(source: ByteSource, field: WireField, end: number): ByteRange {
  if (field.wireType === 1) return { start: field.start, end: field.start + 8 };
  if (field.wireType === 5) return { start: field.start, end: field.start + 4 };
  if (field.wireType === 2) {
    const length = readVarint(source, { start: field.start, end });
    return { start: length.end, end: length.end + length.value };
  }
  throw new WireFault(`wire type ${field.wireType} of field ${field.number}`, field.start, false);
}

/** Values above 2^53 lose their low bits; the fields read here (lengths, types, versions) are far below. */
function readVarint(source: ByteSource, range: ByteRange): { value: number; end: number } {
  const bytes = source.read(range.start, Math.min(MAX_VARINT_BYTES, range.end - range.start));
  let value = 0;
  for (const [index, byte] of bytes.entries()) {
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, end: range.start + index + 1 };
  }
  if (bytes.length < MAX_VARINT_BYTES) {
    throw new WireFault(`the bytes end within a number at byte ${range.start}`, range.start, true);
  }
  throw new WireFault(`a number at byte ${range.start} that does not end`, range.start, false);
}

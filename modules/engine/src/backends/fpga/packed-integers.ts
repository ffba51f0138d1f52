import { malformedAnswer } from './malformed-answer.ts';

const MOST_BYTES = 10;

/**
 * The 64-bit integers of a packed repeated field, which the descriptors declare as bytes. protobufjs itself gives them as
 * numbers, not exact, wherever it does not find the package `long` in the form that it expects.
 *
 * @param chunks the field's occurrences, each with integers of one to ten bytes (protobuf encoding, "Base 128 Varints")
 * @throws EngineError `AcceleratorFailed` when they are no such integers
 */
export function integersFromPacked(chunks: readonly Uint8Array[]): BigUint64Array {
  let count = 0;
  for (const chunk of chunks) for (const byte of chunk) if (byte < 0x80) count += 1;
  // two halves each, low half first: all platforms here are little-endian
  const halves = new Uint32Array(2 * count);
  let at = 0;
  for (const chunk of chunks) {
    let start = 0;
    for (let end = 0; end < chunk.length; end += 1) {
      if ((chunk[end] ?? 0) >= 0x80) continue;
      if (end - start >= MOST_BYTES) throw malformedAnswer('an integer takes more than 64 bits');
      writeHalves(halves, at, chunk.subarray(start, end + 1));
      at += 2;
      start = end + 1;
    }
    if (start !== chunk.length) throw malformedAnswer('an integer breaks off');
  }
  return new BigUint64Array(halves.buffer);
}

/** Seven bits a byte, the lowest first; the fifth byte has bits of both halves. */
function writeHalves(halves: Uint32Array, at: number, bytes: Uint8Array): void {
  let low = 0;
  let high = 0;
  bytes.forEach((byte, i) => {
    const bits = byte & 0x7f;
    if (i < 5) low |= bits << (7 * i);
    if (i === 4) high |= bits >> 4;
    if (i > 4) high |= bits << (7 * i - 32);
  });
  halves[at] = low;
  halves[at + 1] = high;
}

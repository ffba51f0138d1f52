import { isUtf8 } from 'node:buffer';
import type { Datatype } from '@edgewright/contract';
import { arrayOf, elementCount } from '../array-of.ts';
import { EngineError } from '../engine-error.ts';
import type { Tensor, TensorData } from '../tensor.ts';

// Tensors as bytes: little-endian, row by row, without padding; BOOL one byte; of BYTES each element behind its length in
// four bytes (Open Inference Protocol, binary tensor data extension). The hosts that Node.js runs on are little-endian.

const LENGTH_BYTES = 4;

export interface BytesPlace {
  /** For messages: `the input "x"`. */
  readonly what: string;
  readonly maxElements: number;
}

/**
 * Reads a tensor out of bytes, with one copy: the elements get a buffer of their own, which can be handed to a worker.
 *
 * @throws EngineError `InputInvalid` when size and shape do not agree, or the bytes are none of the datatype
 */
export function tensorFromBytes(
  bytes: Uint8Array,
  { datatype, shape }: { readonly datatype: Datatype; readonly shape: readonly number[] },
  place: BytesPlace,
): Tensor {
  const count = elementCount(shape);
  if (!(count <= place.maxElements)) throw invalid(place, `has ${count} elements; the limit is ${place.maxElements}`);
  if (datatype === 'BYTES') return { datatype, shape, data: readStrings(bytes, count, place) };
  const array = arrayOf(datatype);
  const wanted = count * array.BYTES_PER_ELEMENT;
  if (bytes.length !== wanted) {
    throw invalid(place, `has ${bytes.length} bytes, but ${datatype}[${shape.join(',')}] takes ${wanted}`);
  }
  // of its own, not of a pool that is shared, and not filled with zeros first
  const own = Buffer.allocUnsafeSlow(wanted);
  own.set(bytes);
  if (datatype === 'BOOL') {
    const at = own.findIndex((value) => value > 1);
    if (at >= 0) throw invalid(place, `has the byte ${own[at]} at ${at}; BOOL is 0 or 1`);
  }
  return { datatype, shape, data: new array(own.buffer, 0, count) };
}

/** The bytes of a tensor; of numbers a view, not a copy. */
export function bytesFromTensor({ data }: Tensor): Uint8Array {
  if (!Array.isArray(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const texts = data.map((text) => Buffer.from(text));
  const bytes = Buffer.alloc(texts.reduce((size, text) => size + LENGTH_BYTES + text.length, 0));
  let at = 0;
  for (const text of texts) {
    at = bytes.writeUInt32LE(text.length, at);
    at += text.copy(bytes, at);
  }
  return bytes;
}

function readStrings(bytes: Uint8Array, count: number, place: BytesPlace): TensorData {
  // each takes its length at least, so that a count is never believed further than there are bytes
  if (count * LENGTH_BYTES > bytes.length) throw invalid(place, `has ${bytes.length} bytes, too few for ${count} elements`); // prettier-ignore
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: string[] = [];
  let at = 0;
  for (let i = 0; i < count; i += 1) {
    const end = at + LENGTH_BYTES <= buffer.length ? at + LENGTH_BYTES + buffer.readUInt32LE(at) : Infinity;
    if (end > buffer.length) throw invalid(place, `ends within element ${i} of ${count}`);
    const text = buffer.subarray(at + LENGTH_BYTES, end);
    if (!isUtf8(text)) throw invalid(place, `has no UTF-8 text as element ${i}: the runtimes carry text only`);
    texts.push(text.toString());
    at = end;
  }
  if (at !== buffer.length) throw invalid(place, `has ${buffer.length - at} bytes behind its last element`);
  return texts;
}

function invalid({ what }: BytesPlace, fault: string): EngineError {
  return new EngineError('InputInvalid', `cannot read the request: ${what} ${fault}`, { details: { input: what } });
}

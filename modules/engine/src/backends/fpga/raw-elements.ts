import { tensorSpecText } from '@edgewright/contract';
import type { Datatype, RemoteTensor } from '@edgewright/contract';
import { arrayOf, elementCount } from '../../array-of.ts';
import { EngineError } from '../../engine-error.ts';
import { malformedAnswer } from './malformed-answer.ts';
import type { Tensor, TensorData } from '../../tensor.ts';

/** What texts of BYTES stand for. */
export type BytesEncoding = 'utf8' | 'base64';

/** The shape of an answered tensor, and how many elements it has. */
export interface AnsweredShape {
  readonly shape: readonly number[];
  readonly count: number;
}

/**
 * The shape of an answered tensor, which must fit its description: what follows relies on it.
 *
 * @param maxBytes what all elements together may take; an answer may say a few elements and mean many
 * @throws EngineError `AcceleratorFailed`
 */
export function answeredShape(spec: RemoteTensor, sizes: readonly string[], maxBytes: number): AnsweredShape {
  const shape = sizes.map(Number);
  const isFitting =
    shape.length === spec.shape.length &&
    shape.every((size, i) => Number.isSafeInteger(size) && size >= 0 && [size, -1].includes(spec.shape[i] ?? 0));
  if (!isFitting) {
    throw malformedAnswer(`the output "${spec.name}" has the shape [${sizes.join(',')}], but is described as ${tensorSpecText(spec)}`);
  }
  const count = elementCount(shape);
  const width = spec.datatype === 'BYTES' ? 1 : arrayOf(spec.datatype).BYTES_PER_ELEMENT;
  if (!(count * width <= maxBytes)) throw malformedAnswer(`the output "${spec.name}" has ${count} elements, which take more than "maxMessageBytes" (${maxBytes})`);
  return { shape, count };
} // prettier-ignore

/** Numbers as the wire has them: little-endian, row-major, without padding. All platforms here are little-endian. */
export function numbersToBytes(data: Exclude<TensorData, string[]>): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

/**
 * Numbers from the wire.
 *
 * @throws EngineError `AcceleratorFailed` when they are not as many as the shape says
 */
export function numbersFromBytes(datatype: Exclude<Datatype, 'BYTES'>, bytes: Uint8Array, count: number): TensorData {
  const constructor = arrayOf(datatype);
  if (bytes.byteLength !== count * constructor.BYTES_PER_ELEMENT) {
    throw malformedAnswer(`${bytes.byteLength} bytes came for ${count} elements of ${datatype}`);
  }
  // a copy: a view into the message would keep all of it, and need not be aligned
  return new constructor(new Uint8Array(bytes).buffer, 0, count);
}

/**
 * Texts as the bytes that they stand for.
 *
 * @throws EngineError `InputInvalid` when base64 is expected and is not there
 */
export function textsToBytes({ name, encoding = 'utf8' }: RemoteTensor, { data }: Tensor): Buffer[] {
  return (data as readonly string[]).map((text, i) => {
    if (encoding === 'base64' && (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text))) {
      throw new EngineError('InputInvalid', `element ${i} of the input "${name}" is not base64, as the model's description says it is`, { details: { input: name, element: i } }); // prettier-ignore
    }
    return Buffer.from(text, encoding);
  });
}

/**
 * Bytes as text.
 *
 * @throws EngineError `AcceleratorFailed` when they are not UTF-8 and should be, or not as many as the shape says
 */
export function textsFromBytes(
  { name, encoding = 'utf8' }: RemoteTensor,
  values: readonly Uint8Array[],
  count: number,
): string[] {
  if (values.length !== count) throw malformedAnswer(`${values.length} texts came for ${count} elements of BYTES`);
  if (encoding === 'base64') return values.map((value) => Buffer.from(value).toString('base64'));
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  try {
    return values.map((value) => decoder.decode(value));
  } catch {
    throw malformedAnswer(`the output "${name}" is not UTF-8; describe it with "encoding": "base64"`);
  }
}

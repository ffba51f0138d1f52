import { createHash } from 'node:crypto';
import type { CollectedSummary } from '@edgewright/contract';
import type { TensorData } from '@edgewright/engine';

/** A summary of bytes that are no numbers, such as an image. */
export function summariseBytes(bytes: Uint8Array): CollectedSummary {
  return { datatype: 'BINARY', shape: [bytes.length], sha256: sha256(bytes) };
}

/** A summary of elements, in row-major order. */
export function summariseElements(datatype: string, shape: readonly number[], data: TensorData): CollectedSummary {
  const facts = { datatype, shape: [...shape] };
  if (Array.isArray(data)) return { ...facts, sha256: sha256(Buffer.from(JSON.stringify(data))) };
  const digest = sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return { ...facts, sha256: digest, ...statisticsOf(data) };
}

/** A summary of a list that may hold lists: of its numbers, when it holds nothing else and is as wide everywhere. */
export function summariseList(list: readonly unknown[]): CollectedSummary {
  const shape = shapeOf(list);
  const flat = list.flat(Infinity);
  const numbers = flat.every((each): each is number => typeof each === 'number');
  if (numbers && flat.length === shape.reduce((product, size) => product * size, 1)) {
    return summariseElements('JSON', shape, Float64Array.from(flat));
  }
  return { datatype: 'JSON', shape: [list.length], sha256: sha256(Buffer.from(JSON.stringify(list))) };
}

function shapeOf(list: readonly unknown[]): number[] {
  const shape: number[] = [];
  for (let level: unknown = list; Array.isArray(level); level = level[0]) shape.push(level.length);
  return shape;
}

/** In one pass, by Welford's way, which loses no digits where the mean is large. */
function statisticsOf(data: Exclude<TensorData, string[]>): Pick<CollectedSummary, 'min' | 'max' | 'mean' | 'std'> {
  let count = 0;
  let mean = 0;
  let squares = 0;
  let min = Infinity;
  let max = -Infinity;
  for (const element of data) {
    const value = Number(element);
    if (!Number.isFinite(value)) continue;
    count += 1;
    const distance = value - mean;
    mean += distance / count;
    squares += distance * (value - mean);
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return count === 0 ? {} : { min, max, mean, std: Math.sqrt(squares / count) };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

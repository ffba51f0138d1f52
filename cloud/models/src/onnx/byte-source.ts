import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Bytes that can be read anywhere, so that a file of gigabytes need not be in memory. */
export interface ByteSource {
  readonly sizeBytes: number;
  /** The bytes from `offset` on, `length` of them or fewer at the end. Valid until the next call. */
  read(offset: number, length: number): Uint8Array;
}

/** Bytes that are in memory. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return { sizeBytes: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) };
}

const WINDOW_BYTES = 65_536;

/**
 * A file, read through a small window. Reads are synchronous: a graph is thousands of tiny fields, and what is large in a
 * model, its weights, is never read.
 */
export function openFileSource(path: string): ByteSource & Disposable {
  const descriptor = openSync(path, 'r');
  const sizeBytes = fstatSync(descriptor).size;
  let window: Uint8Array = new Uint8Array(0);
  let windowStart = 0;
  return {
    sizeBytes,
    read: (offset, length) => {
      const wanted = Math.max(0, Math.min(length, sizeBytes - offset));
      if (offset < windowStart || offset + wanted > windowStart + window.length) {
        const target = Buffer.allocUnsafe(Math.max(wanted, Math.min(WINDOW_BYTES, sizeBytes - offset)));
        window = target.subarray(0, readFully(descriptor, target, offset));
        windowStart = offset;
      }
      return window.subarray(offset - windowStart, offset - windowStart + wanted);
    },
    [Symbol.dispose]: () => closeSync(descriptor),
  };
}

function readFully(descriptor: number, target: Buffer, offset: number): number {
  let filled = 0;
  while (filled < target.length) {
    const count = readSync(descriptor, target, filled, target.length - filled, offset + filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

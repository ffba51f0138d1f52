import { existsSync } from 'node:fs';
import path from 'node:path';
import { CollectionError } from '../collection-error.ts';
import { CollectionBuffer } from './collection-buffer.ts';

/** Processes that may share a folder. */
const MAX_SLOTS = 16;

/** A buffer, and its number among those of its folder: two processes never have the same number at once. */
export interface BufferSlot {
  readonly buffer: CollectionBuffer;
  /** From 1. */
  readonly slot: number;
}

/** The buffers that a process works on. */
export interface OwnedBuffers {
  /** What new requests go into. */
  readonly own: BufferSlot;
  /** What processes that are no more left. */
  readonly left: readonly BufferSlot[];
}

/**
 * Opens the first buffer of a folder that no other process has, and takes over what others left when they ended.
 *
 * @throws CollectionError `CollectionBufferUnusable`
 */
export function openBuffers(folder: string, onPutAside: (file: string, error: unknown) => void): OwnedBuffers {
  let own: BufferSlot | undefined;
  const left: BufferSlot[] = [];
  for (let slot = 1; slot <= MAX_SLOTS; slot += 1) {
    const file = path.join(folder, slot === 1 ? 'buffer.sqlite' : `buffer-${slot}.sqlite`);
    if (own !== undefined && !existsSync(file)) continue;
    const buffer = CollectionBuffer.open(file, onPutAside);
    if (buffer === undefined) continue;
    if (own === undefined) own = { buffer, slot };
    else if (buffer.count + buffer.underWay > 0) left.push({ buffer, slot });
    else buffer[Symbol.dispose]();
  }
  if (own !== undefined) return { own, left };
  throw new CollectionError(
    'CollectionBufferUnusable',
    `cannot open a buffer of collected rows in ${folder}: ${MAX_SLOTS} processes have one there; give them folders of their own`,
    { details: { folder } },
  );
}

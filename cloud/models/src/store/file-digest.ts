import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

const CHUNK_BYTES = 1_048_576;

export interface FileDigest {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** SHA-256 and size of a file, read once, in constant memory. */
export async function digestFile(file: string, signal?: AbortSignal): Promise<FileDigest> {
  await using source = await open(file, 'r');
  return await digestWhile(source, async () => {}, signal);
}

/**
 * Copies a file to a new one and takes the digest of exactly the bytes that were copied, so that a source which changes
 * meanwhile cannot be stored under the wrong digest. The copy is on the disk when this resolves.
 */
export async function copyWithDigest(from: string, to: string, signal?: AbortSignal): Promise<FileDigest> {
  await using source = await open(from, 'r');
  await using target = await open(to, 'wx', 0o444);
  const digest = await digestWhile(source, (chunk) => writeFully(target, chunk), signal);
  await target.sync();
  return digest;
}

async function digestWhile(
  source: FileHandle,
  use: (chunk: Uint8Array) => Promise<void>,
  signal?: AbortSignal,
): Promise<FileDigest> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let sizeBytes = 0;
  for (;;) {
    signal?.throwIfAborted();
    const { bytesRead } = await source.read(buffer, 0, buffer.length);
    if (bytesRead === 0) return { sha256: hash.digest('hex'), sizeBytes };
    const chunk = buffer.subarray(0, bytesRead);
    // the disk takes the chunk while the processor takes its digest
    const used = use(chunk);
    hash.update(chunk);
    await used;
    sizeBytes += bytesRead;
  }
}

async function writeFully(target: FileHandle, chunk: Uint8Array): Promise<void> {
  let written = 0;
  while (written < chunk.length) {
    const { bytesWritten } = await target.write(chunk, written, chunk.length - written);
    written += bytesWritten;
  }
}

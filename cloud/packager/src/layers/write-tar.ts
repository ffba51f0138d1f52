import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { PackagerError } from '../packager-error.ts';
import type { FileEntry, TarEntry } from './tar-entry.ts';
import { tarEnd, tarHeader, tarPadding } from './tar-header.ts';

const CHUNK_BYTES = 1_048_576;

/**
 * A tar archive that depends on its entries only: constant owner, date and modes. It is made while it is read, and files
 * go through it in pieces.
 *
 * @throws PackagerError `FileChanged` when a file is not what the entry says
 */
export async function* writeTar(
  entries: readonly TarEntry[],
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const entry of entries) {
    signal?.throwIfAborted();
    const sizeBytes = entry.type === 'bytes' ? entry.content.length : entry.type === 'file' ? entry.sizeBytes : 0;
    const type = entry.type === 'directory' ? 'directory' : 'file';
    yield tarHeader({ path: entry.path, type, mode: modeOf(entry), sizeBytes });
    if (entry.type === 'bytes') yield entry.content;
    else if (entry.type === 'file') yield* readEntry(entry, signal);
    yield tarPadding(sizeBytes);
  }
  yield tarEnd();
}

function modeOf(entry: TarEntry): number {
  return entry.type === 'directory' || (entry.type === 'file' && entry.executable === true) ? 0o755 : 0o644;
}

async function* readEntry(entry: FileEntry, signal?: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  await using source = await open(entry.source, 'r');
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for (;;) {
    signal?.throwIfAborted();
    // a new buffer each time: the last one may still be on its way to the disk
    const { bytesRead, buffer } = await source.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES);
    if (bytesRead === 0) break;
    const chunk = buffer.subarray(0, bytesRead);
    sizeBytes += bytesRead;
    if (sizeBytes > entry.sizeBytes) throw changed(entry, `it has more than ${entry.sizeBytes} bytes`);
    hash.update(chunk);
    yield chunk;
  }
  if (sizeBytes < entry.sizeBytes) throw changed(entry, `it has ${sizeBytes} of ${entry.sizeBytes} bytes`);
  const sha256 = hash.digest('hex');
  if (entry.sha256 !== undefined && entry.sha256 !== sha256) {
    throw changed(entry, `its SHA-256 is ${sha256} instead of ${entry.sha256}`);
  }
}

function changed(entry: FileEntry, reason: string): PackagerError {
  return new PackagerError('FileChanged', `cannot put "${entry.source}" into the image: ${reason}`, {
    details: { file: entry.source, path: entry.path, reason },
  });
}

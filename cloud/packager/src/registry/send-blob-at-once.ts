import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { PackagerError } from '../packager-error.ts';
import type { BlobReference } from '../layout/image-layout.ts';
import type { RegistryClient } from './registry-client.ts';

export interface UploadOptions {
  /** The blob's bytes. */
  readonly file: string;
  /** Repositories of the same registry that may have the blob. */
  readonly mountFrom: readonly string[];
  /** Bytes sent with one request; default 8 MiB. This much is in memory for each upload that runs. */
  readonly chunkBytes?: number;
  /** Called with the bytes sent so far. */
  readonly onProgress?: (sentBytes: number) => void;
  readonly signal?: AbortSignal;
}

/** What is sent with one request, unless something else is asked for. */
const DEFAULT_CHUNK_BYTES = 8 * 1024 * 1024;
/** What blobs are sent as. */
export const OCTETS = { 'content-type': 'application/octet-stream' };

/** What an upload works with. */
export interface ChunkContext {
  readonly client: RegistryClient;
  readonly blob: BlobReference;
  readonly options: UploadOptions;
  readonly file: FileHandle;
}

/**
 * Sends a blob of one chunk with the request that finishes the upload: a round trip less, and for the small ones half of their bytes.
 *
 * @returns false when it is to be sent in chunks: it is larger, or this went wrong in a way that may pass
 */
export async function sendAtOnce(context: ChunkContext, session: URL): Promise<boolean> {
  const { blob, options, client } = context;
  if (blob.size > (options.chunkBytes ?? DEFAULT_CHUNK_BYTES)) return false;
  const bytes = await readChunk(context, 0);
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  if (digest !== blob.digest) throw changed(context, `its digest is ${digest}`);
  const place = new URL(session);
  place.searchParams.set('digest', blob.digest);
  try {
    const response = await client.send({
      method: 'PUT',
      place,
      headers: OCTETS,
      body: bytes,
      expect: [201, 204],
      action: `upload the blob ${blob.digest}`,
      // what became of the first try is found out by sending chunks
      retry: false,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    response.body.resume();
  } catch (error) {
    if (error instanceof PackagerError && mayResume(error)) return false;
    throw error;
  }
  options.onProgress?.(blob.size);
  return true;
}

/** @throws PackagerError `ImageInvalid` when the file is shorter than the blob */
export async function readChunk(context: ChunkContext, offset: number): Promise<Buffer> {
  const { blob, file, options } = context;
  const length = Math.min(options.chunkBytes ?? DEFAULT_CHUNK_BYTES, blob.size - offset);
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) throw changed(context, `it ends after ${offset + filled} of ${blob.size} bytes`);
    filled += bytesRead;
  }
  return buffer;
}

/** The failure may pass, the registry stands at another byte than was thought, or it has forgotten the upload. */
export function mayResume(error: PackagerError): boolean {
  return error.code === 'RegistryFailed' || isOutOfPlace(error) || error.details['status'] === 404;
}

/** The registry stands at another byte. */
export function isOutOfPlace(error: PackagerError): boolean {
  return error.details['status'] === 416;
}

/** The file is not the blob. */
export function changed({ options, blob }: ChunkContext, reason: string): PackagerError {
  return new PackagerError('ImageInvalid', `cannot send "${options.file}" as the blob ${blob.digest}: ${reason}`, {
    details: { file: options.file, digest: blob.digest, reason },
  });
}

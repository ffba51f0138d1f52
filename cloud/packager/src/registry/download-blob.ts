import { createHash, randomUUID } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@edgewright/contract';
import type { BlobReference, ImageLayout } from '../layout/image-layout.ts';
import { PackagerError } from '../packager-error.ts';
import type { RegistryClient } from './registry-client.ts';

export interface DownloadOptions {
  readonly onProgress?: (receivedBytes: number) => void;
  readonly signal?: AbortSignal;
}

/** A download that breaks is taken up again so often without a byte of progress. */
const RESUMES = 5;
const RESUME_DELAY_MS = 250;

/**
 * Brings a blob from a repository into a layout. Its digest is taken while it arrives; a connection that breaks is taken up
 * where it broke.
 *
 * @returns false when the layout had it already
 * @throws PackagerError `RegistryRefused`, `RegistryFailed`, `ImageInvalid` when the registry sends something else
 */
export async function downloadBlob(
  client: RegistryClient,
  blob: BlobReference,
  { layout, ...options }: DownloadOptions & { readonly layout: ImageLayout },
): Promise<boolean> {
  if (await layout.has(blob)) return false;
  const file = path.join(layout.stagingFolder, randomUUID());
  try {
    await receiveBlob(client, blob, { ...options, file });
    return await layout.adopt(file, blob);
  } finally {
    await rm(file, { force: true });
  }
}

interface Receiving {
  readonly target: FileHandle;
  hash: Hash;
  received: number;
}

/**
 * Receives a blob into a file that is not there yet, and checks its digest.
 *
 * @throws PackagerError `RegistryRefused`, `RegistryFailed`, `ImageInvalid` when the registry sends something else
 */
export async function receiveBlob(
  client: RegistryClient,
  blob: BlobReference,
  options: DownloadOptions & { readonly file: string },
): Promise<void> {
  await using target = await open(options.file, 'wx');
  const state: Receiving = { target, hash: createHash('sha256'), received: 0 };
  for (let resumes = 0; state.received < blob.size; resumes += 1) {
    const before = state.received;
    const failure = await receiveSome(client, blob, { ...options, state });
    if (state.received > before) resumes = 0;
    if (failure === undefined || state.received >= blob.size) break;
    if (resumes >= RESUMES) throw failure;
    await sleep(RESUME_DELAY_MS, undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
  const digest = `sha256:${state.hash.digest('hex')}`;
  if (digest !== blob.digest) throw wrong(client, blob, `its digest is ${digest} after ${state.received} bytes`);
  await target.sync().catch((cause: unknown) => {
    throw notStored(cause);
  });
}

/** @returns why the transfer ended before its time, if it did */
async function receiveSome(
  client: RegistryClient,
  blob: BlobReference,
  { state, signal, onProgress }: DownloadOptions & { readonly state: Receiving },
): Promise<PackagerError | undefined> {
  const response = await client.send({
    method: 'GET',
    place: `blobs/${blob.digest}`,
    headers: state.received === 0 ? {} : { range: `bytes=${state.received}-${blob.size - 1}` },
    expect: [200, 206],
    action: `download the blob ${blob.digest}`,
    ...(signal === undefined ? {} : { signal }),
  });
  if (response.status === 200 && state.received > 0) {
    // the registry cannot continue, and sends everything once more
    await state.target.truncate(0);
    state.hash = createHash('sha256');
    state.received = 0;
  }
  try {
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      if (state.received + chunk.length > blob.size) {
        response.body.destroy();
        throw wrong(client, blob, `more than ${blob.size} bytes come`);
      }
      await writeChunk(state, chunk);
      state.hash.update(chunk);
      state.received += chunk.length;
      onProgress?.(state.received);
    }
    return undefined;
  } catch (cause) {
    if (cause instanceof PackagerError) throw cause;
    signal?.throwIfAborted();
    return new PackagerError(
      'RegistryFailed',
      `cannot download the blob ${blob.digest} from "${client.registry}": the connection broke after ${state.received} of ${blob.size} bytes: ${messageOf(cause)}`,
      { details: { registry: client.registry, digest: blob.digest, received: state.received }, cause },
    );
  }
}

/** A full disk is no broken connection, and not to be tried again. */
async function writeChunk({ target, received }: Receiving, chunk: Buffer): Promise<void> {
  try {
    for (let written = 0; written < chunk.length;) {
      written += (await target.write(chunk, written, chunk.length - written, received + written)).bytesWritten;
    }
  } catch (cause) {
    throw notStored(cause);
  }
}

function notStored(cause: unknown): PackagerError {
  return new PackagerError('LayoutUnusable', `cannot store what is downloaded: ${messageOf(cause)}`, { cause });
}

function wrong(client: RegistryClient, blob: BlobReference, reason: string): PackagerError {
  return new PackagerError('ImageInvalid', `cannot take the blob ${blob.digest} from "${client.registry}": ${reason}`, {
    details: { registry: client.registry, repository: client.repository, digest: blob.digest, reason },
  });
}

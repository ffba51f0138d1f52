import { createReadStream } from 'node:fs';
import { open, stat, statfs } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '@edgewright/contract';
import { EdgeError } from '../edge-error.ts';
import { parseOciLocation } from './oci-location.ts';
import { findOciModel } from './oci-model.ts';
import { OciPull } from './oci-pull.ts';
import type { ReadRegistryCredentials } from './registry-credentials.ts';

/** What is taken when the desired properties do not say how large the model is. */
const DEFAULT_MAX_BYTES = 2_147_483_648;
/** What is left free on the disk, for the journal and others. */
const RESERVE_BYTES = 67_108_864;
/** Nothing came for so long: the connection is given up, and the download resumed. */
const STALL_MS = 60_000;
/** Statuses after which asking again may help. */
const PASSING_STATUSES = new Set([408, 425, 429]);

export interface DownloadOptions {
  readonly url: string;
  /** Of the file; in a container registry it is found by it. */
  readonly sha256: string;
  readonly sizeBytes?: number | undefined;
  readonly registryCredentials?: ReadRegistryCredentials | undefined;
  /** What a former attempt left there is gone on with. */
  readonly file: string;
  readonly signal: AbortSignal;
  /** Bytes on the disk, and of all when that is known. */
  readonly onProgress: (done: number, total: number | undefined) => void;
}

interface Source {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Where in the file they begin. */
  readonly from: number;
  readonly total: number | undefined;
}

/**
 * Fetches a model, resuming what is there by a range.
 *
 * @returns true when it was resumed: then a wrong digest may be the former attempt's
 * @throws EdgeError `ModelRejected` when asking again will not help, `ModelUnavailable` when it may, `ModelStoreUnusable` for a
 *   disk that is full or not writable; the reason of the signal
 */
export async function downloadModel(options: DownloadOptions): Promise<boolean> {
  const { url, file, signal, onProgress } = options;
  const there = await sizeOf(file);
  const stall = new AbortController();
  const timer = setTimeout(() => stall.abort(new TypeError(`nothing came for ${STALL_MS} ms`)), STALL_MS);
  try {
    const source = await openSource(options, there, AbortSignal.any([signal, stall.signal]));
    if (source === undefined) return there > 0;
    await checkRoom(options, source);
    await using handle = await open(file, source.from === 0 ? 'w' : 'a');
    let done = source.from;
    for await (const chunk of source.chunks) {
      timer.refresh();
      done += chunk.byteLength;
      checkSize(options, done);
      await handle.appendFile(chunk);
      onProgress(done, source.total);
    }
    await finish(handle, options, { done, total: source.total });
    return source.from > 0;
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof EdgeError) throw cause;
    const text = `${path.dirname(file)}: ${messageOf(cause)}`;
    if (isOfTheDisk(cause)) throw new EdgeError('ModelStoreUnusable', `cannot keep a model in ${text}`, { cause });
    const reason = stall.signal.aborted ? messageOf(stall.signal.reason) : reasonOf(cause);
    throw new EdgeError('ModelUnavailable', `cannot fetch ${publicUrl(url)}: ${reason}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** An address without its secrets: user, password, and the query, where a SAS stands. */
export function publicUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}

/** Undefined when what is there is all there is. */
async function openSource(options: DownloadOptions, there: number, signal: AbortSignal): Promise<Source | undefined> {
  const { url } = options;
  if (url.startsWith('file:')) return openFile(new URL(url), there, signal);
  if (url.startsWith('oci')) return openRegistry(options, there, signal);
  const response = await fetch(url, {
    signal,
    // a coding would make ranges those of something else
    headers: { 'accept-encoding': 'identity', ...(there > 0 ? { range: `bytes=${there}-` } : {}) },
  });
  if (url.startsWith('https:') && !response.url.startsWith('https:')) {
    await response.body?.cancel();
    throw rejected(url, `it leads to ${publicUrl(response.url)}, without encryption`);
  }
  const range = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '');
  const total = range?.[2] === undefined || range[2] === '*' ? undefined : Number(range[2]);
  if (response.status === 416 && total === there) return undefined;
  if (response.status === 206 && Number(range?.[1]) === there && response.body !== null) {
    return { chunks: response.body, from: there, total };
  }
  if (response.status === 200 && response.body !== null) {
    const length = response.headers.get('content-length');
    return { chunks: response.body, from: 0, total: length === null ? undefined : Number(length) };
  }
  await response.body?.cancel();
  // what is there is not the beginning of what the server has: begin again
  if (response.status === 416 || response.status === 206) return openSource(options, 0, signal);
  const reason = `the server answers with ${response.status} ${response.statusText}`.trim();
  if (response.status >= 500 || PASSING_STATUSES.has(response.status)) throw unavailable(url, reason);
  throw rejected(url, reason);
}

async function openRegistry(options: DownloadOptions, there: number, signal: AbortSignal): Promise<Source | undefined> {
  const { url, registryCredentials } = options;
  const location = parseOciLocation(url);
  if (location === undefined)
    throw rejected(url, 'it is no oci://HOST/REPOSITORY:TAG or oci://HOST/REPOSITORY@sha256:DIGEST');
  const pull = new OciPull({ location, credentials: registryCredentials, signal });
  const { digest, offset, sizeBytes } = await findOciModel(pull, location.reference, options);
  if (sizeBytes === there) return undefined;
  const from = there < sizeBytes ? there : 0;
  return { chunks: await pull.blob(digest, offset + from, sizeBytes - from), from, total: sizeBytes };
}

async function openFile(url: URL, there: number, signal: AbortSignal): Promise<Source | undefined> {
  try {
    const { size } = await stat(url);
    if (size === there) return undefined;
    const from = size > there ? there : 0;
    return { chunks: createReadStream(url, { start: from, signal }), from, total: size };
  } catch (cause) {
    throw rejected(url.href, messageOf(cause));
  }
}

function checkSize({ url, sizeBytes }: DownloadOptions, bytes: number): void {
  const most = sizeBytes ?? DEFAULT_MAX_BYTES;
  if (bytes <= most) return;
  const limit =
    sizeBytes === undefined ? `at most ${most} are taken without model.sizeBytes` : `model.sizeBytes is ${most}`;
  throw rejected(url, `it has ${bytes} bytes or more, and ${limit}`);
}

async function checkRoom(options: DownloadOptions, { total, from }: Source): Promise<void> {
  const { url, file, sizeBytes } = options;
  if (total !== undefined) {
    checkSize(options, total);
    if (sizeBytes !== undefined && total !== sizeBytes) {
      throw rejected(url, `it has ${total} bytes, and model.sizeBytes is ${sizeBytes}`);
    }
  }
  const wanted = (total ?? sizeBytes ?? 0) - from + RESERVE_BYTES;
  const { bavail, bsize } = await statfs(path.dirname(file));
  if (bavail * bsize >= wanted) return;
  const free = `${bavail * bsize} bytes are free in ${path.dirname(file)}`;
  throw new EdgeError('ModelStoreUnusable', `no room for the model ${publicUrl(url)}: ${free}, ${wanted} are needed`, {
    details: { freeBytes: bavail * bsize, neededBytes: wanted },
  });
}

async function finish(
  handle: FileHandle,
  { url }: DownloadOptions,
  { done, total }: { readonly done: number; readonly total: number | undefined },
): Promise<void> {
  await handle.sync();
  if (total !== undefined && done !== total)
    throw unavailable(url, `the connection ended after ${done} of ${total} bytes`);
}

function isOfTheDisk(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EIO'].includes((error as { code?: string }).code ?? '');
}

/** `fetch` says little itself; the cause has the reason. */
function reasonOf(error: unknown): string {
  return error instanceof TypeError && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);
}

function rejected(url: string, reason: string): EdgeError {
  return new EdgeError('ModelRejected', `the model ${publicUrl(url)} is not taken: ${reason}`);
}

function unavailable(url: string, reason: string): EdgeError {
  return new EdgeError('ModelUnavailable', `cannot fetch ${publicUrl(url)}: ${reason}`);
}

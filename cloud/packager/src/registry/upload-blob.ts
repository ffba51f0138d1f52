import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { PackagerError } from '../packager-error.ts';
import type { BlobReference } from '../layout/image-layout.ts';
import type { HttpResponse } from './http-exchange.ts';
import type { RegistryClient } from './registry-client.ts';
import { changed, isOutOfPlace, mayResume, OCTETS, readChunk, sendAtOnce } from './send-blob-at-once.ts';
import type { ChunkContext, UploadOptions } from './send-blob-at-once.ts';

/** How a blob came to be in a registry. */
export type UploadOutcome = 'present' | 'mounted' | 'uploaded';

/** An upload that was forgotten by the registry is begun again so often. */
const RESTARTS = 5;
/** A chunk that was not taken is offered again so often from where the registry stands. */
const RESUMES = 10;

/**
 * Brings a blob into a repository: not at all when it is there, by a mount when another repository has it, else in chunks.
 * A broken connection is resumed from the byte that the registry has, and the digest is taken from what is sent.
 *
 * @throws PackagerError `RegistryRefused`, `RegistryFailed`, `ImageInvalid` when the file is not the blob
 */
export async function uploadBlob(
  client: RegistryClient,
  blob: BlobReference,
  options: UploadOptions,
): Promise<UploadOutcome> {
  if (await hasBlob(client, blob, options.signal)) return 'present';
  let session = await beginUpload(client, blob, options);
  if (session === 'mounted') return session;
  await using file = await open(options.file, 'r');
  if (await sendAtOnce({ client, blob, options, file }, session)) return 'uploaded';
  for (let restart = 0; ; restart += 1) {
    const sent = await sendChunks({ client, blob, options, file }, session);
    if (sent !== undefined && (await finishUpload(client, blob, { ...options, place: sent }))) return 'uploaded';
    if (restart >= RESTARTS) throw failed(client, blob, `the registry has forgotten the upload ${RESTARTS} times`);
    session = placeOf(client, await startSession(client, blob, options.signal));
  }
}

async function hasBlob(client: RegistryClient, blob: BlobReference, signal?: AbortSignal): Promise<boolean> {
  try {
    const response = await client.send({
      method: 'HEAD',
      place: `blobs/${blob.digest}`,
      expect: [200, 404],
      action: `look for the blob ${blob.digest}`,
      ...(signal === undefined ? {} : { signal }),
    });
    response.body.resume();
    return response.status === 200;
  } catch (error) {
    // so answers docker-registry for a blob in whose midst its disk became full; sending it again mends that
    if (error instanceof PackagerError && error.details['status'] === 500) return false;
    throw error;
  }
}

async function beginUpload(
  client: RegistryClient,
  blob: BlobReference,
  { mountFrom, signal }: UploadOptions,
): Promise<URL | 'mounted'> {
  let session: URL | undefined;
  for (const from of mountFrom) {
    if (from === client.repository) continue;
    const response = await client.send({
      method: 'POST',
      place: `blobs/uploads/?${new URLSearchParams({ mount: blob.digest, from }).toString()}`,
      // a registry that will not mount begins an upload, or says that it knows nothing of the other repository
      expect: [201, 202, 400, 401, 403, 404, 405],
      action: `mount the blob ${blob.digest} from "${from}"`,
      ...(signal === undefined ? {} : { signal }),
    });
    response.body.resume();
    if (response.status !== 201 && response.status !== 202) continue;
    // one session is enough; the registry should not keep the others until they end by themselves
    if (session !== undefined) await cancelUpload(client, session, signal);
    if (response.status === 201) return 'mounted';
    session = placeOf(client, response);
  }
  return session ?? placeOf(client, await startSession(client, blob, signal));
}

async function cancelUpload(client: RegistryClient, place: URL, signal?: AbortSignal): Promise<void> {
  const response = await client.send({
    method: 'DELETE',
    place,
    expect: [200, 202, 204, 400, 401, 403, 404, 405],
    action: 'give up an upload',
    ...(signal === undefined ? {} : { signal }),
  });
  response.body.resume();
}

async function startSession(client: RegistryClient, blob: BlobReference, signal?: AbortSignal): Promise<HttpResponse> {
  const response = await client.send({
    method: 'POST',
    place: 'blobs/uploads/',
    expect: [202],
    action: `begin to upload the blob ${blob.digest}`,
    ...(signal === undefined ? {} : { signal }),
  });
  response.body.resume();
  return response;
}

/** @returns where to finish the upload; undefined when it has to begin anew */
async function sendChunks(context: ChunkContext, session: URL): Promise<URL | undefined> {
  const { blob, options, client } = context;
  const hash = createHash('sha256');
  let place = session;
  let offset = 0;
  let hashed = 0;
  let resumes = 0;
  while (offset < blob.size) {
    const chunk = await readChunk(context, offset);
    const end = offset + chunk.length;
    hashed = addToHash(hash, { chunk, offset, hashed });
    if (end === blob.size && `sha256:${hash.copy().digest('hex')}` !== blob.digest) {
      throw changed(context, `its digest is sha256:${hash.digest('hex')}`);
    }
    const outcome = await sendChunk(context, place, { chunk, offset });
    if (outcome instanceof PackagerError) {
      if (outcome.details['status'] === 404) return undefined;
      resumes += 1;
      if (resumes > RESUMES) throw outcome;
      await client.pause(resumes, outcome, options.signal);
      const state = await askState(context, place);
      // beyond what was sent, or where it just refused what was offered: it cannot be told what the registry has
      const isLost =
        state !== undefined && (state.offset > hashed || (isOutOfPlace(outcome) && state.offset === offset));
      if (state === undefined || isLost) return undefined;
      ({ place, offset } = state);
      continue;
    }
    place = placeOf(client, outcome, place);
    offset = end;
    resumes = 0;
    options.onProgress?.(offset);
  }
  return place;
}

/** A chunk that is sent again was hashed before. @returns how far the digest is now */
function addToHash(hash: Hash, { chunk, offset, hashed }: { chunk: Buffer; offset: number; hashed: number }): number {
  const end = offset + chunk.length;
  if (end > hashed) hash.update(chunk.subarray(hashed - offset));
  return Math.max(end, hashed);
}

/** @returns the answer, or the failure after which the registry is asked where it stands */
async function sendChunk(
  { client, blob, options }: ChunkContext,
  place: URL,
  { chunk, offset }: { readonly chunk: Buffer; readonly offset: number },
): Promise<HttpResponse | PackagerError> {
  try {
    const response = await client.send({
      method: 'PATCH',
      place,
      headers: { ...OCTETS, 'content-range': `${offset}-${offset + chunk.length - 1}` },
      body: chunk,
      expect: [202],
      action: `upload the blob ${blob.digest}`,
      // sent blindly a second time it could be added twice: the registry is asked first where it stands
      retry: false,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    response.body.resume();
    return response;
  } catch (error) {
    if (error instanceof PackagerError && mayResume(error)) return error;
    throw error;
  }
}

/** Asks how much of an upload has arrived. @returns undefined when the registry does not know it any more */
async function askState(
  { client, blob, options }: ChunkContext,
  place: URL,
): Promise<{ place: URL; offset: number } | undefined> {
  const response = await client.send({
    method: 'GET',
    place,
    // docker-registry 2.8 answers 404 or 400 where it holds more than it last said, and gives the upload up
    expect: [204, 400, 404, 416],
    action: `resume the upload of the blob ${blob.digest}`,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  response.body.resume();
  if (response.status !== 204) return undefined;
  const last = Number(/^(?:bytes=)?0-(\d+)$/.exec(response.headers.range ?? '')?.[1] ?? 0);
  // `0-0` stands for nothing as well as for one byte; if it is one, the chunk is refused and all begins anew
  return { place: placeOf(client, response, place), offset: last === 0 ? 0 : last + 1 };
}

/** @returns false when the registry has forgotten the upload, and does not have the blob */
async function finishUpload(
  client: RegistryClient,
  blob: BlobReference,
  { place, signal }: { readonly place: URL; readonly signal?: AbortSignal },
): Promise<boolean> {
  const url = new URL(place);
  url.searchParams.set('digest', blob.digest);
  const response = await client.send({
    method: 'PUT',
    place: url,
    headers: OCTETS,
    body: new Uint8Array(0),
    expect: [201, 204, 404],
    action: `finish the upload of the blob ${blob.digest}`,
    ...(signal === undefined ? {} : { signal }),
  });
  response.body.resume();
  // a second attempt finds nothing to finish when only the answer to the first one was lost
  return response.status !== 404 || (await hasBlob(client, blob, signal));
}

function placeOf(client: RegistryClient, response: HttpResponse, before?: URL): URL {
  const { location } = response.headers;
  if (location !== undefined) return client.resolve(location);
  if (before !== undefined) return before;
  throw new PackagerError(
    'RegistryFailed',
    `cannot upload to the registry "${client.registry}": it does not say where to send the blob`,
    { details: { registry: client.registry, repository: client.repository } },
  );
}

function failed(client: RegistryClient, blob: BlobReference, reason: string): PackagerError {
  return new PackagerError(
    'RegistryFailed',
    `cannot upload the blob ${blob.digest} to "${client.registry}": ${reason}`,
    {
      details: { registry: client.registry, repository: client.repository, digest: blob.digest },
    },
  );
}

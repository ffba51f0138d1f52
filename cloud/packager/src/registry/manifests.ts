import { createHash } from 'node:crypto';
import { ociMediaTypes } from '@edgewright/contract';
import type { OciDescriptor } from '@edgewright/contract';
import { PackagerError } from '../packager-error.ts';
import { readBody } from './http-exchange.ts';
import type { RegistryClient } from './registry-client.ts';

/** A manifest or an index as a registry has it, to the byte. */
export interface StoredManifest {
  readonly descriptor: OciDescriptor;
  readonly bytes: Buffer;
}

const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
const ACCEPT = [
  ociMediaTypes.index,
  ociMediaTypes.manifest,
  ociMediaTypes.dockerManifestList,
  ociMediaTypes.dockerManifest,
].join(', ');

/**
 * @param name a tag or a digest; with a digest, the bytes are checked against it
 * @throws PackagerError `ImageNotFound` when there is none, `ImageInvalid`, `RegistryRefused`, `RegistryFailed`
 */
export async function fetchManifest(
  client: RegistryClient,
  name: string,
  signal?: AbortSignal,
): Promise<StoredManifest> {
  const found = await findManifest(client, name, signal);
  if (found !== undefined) return found;
  const what = nameOf(client, name);
  throw new PackagerError('ImageNotFound', `cannot find the image "${what}": the registry does not have it`, {
    details: { reference: what },
  });
}

function nameOf(client: RegistryClient, name: string): string {
  return `${client.registry}/${client.repository}${name.startsWith('sha256:') ? '@' : ':'}${name}`;
}

/**
 * Like {@link fetchManifest}; undefined when there is none.
 *
 * @throws PackagerError `ImageInvalid`, `RegistryRefused`, `RegistryFailed`
 */
export async function findManifest(
  client: RegistryClient,
  name: string,
  signal?: AbortSignal,
): Promise<StoredManifest | undefined> {
  const what = nameOf(client, name);
  const response = await client.send({
    method: 'GET',
    place: `manifests/${name}`,
    headers: { accept: ACCEPT },
    expect: [200, 404],
    action: `read the manifest of ${what}`,
    ...(signal === undefined ? {} : { signal }),
  });
  if (response.status === 404) {
    response.body.resume();
    return undefined;
  }
  const bytes = await readBody(response, MAX_MANIFEST_BYTES);
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  if (name.startsWith('sha256:') && digest !== name) {
    throw new PackagerError('ImageInvalid', `cannot take the manifest "${what}": its digest is ${digest}`, {
      details: { reference: what, digest },
    });
  }
  const mediaType = response.headers['content-type']?.split(';')[0]?.trim() ?? ociMediaTypes.manifest;
  return { descriptor: { mediaType, digest, size: bytes.length }, bytes };
}

/**
 * @param name a tag or a digest
 * @returns whether the registry lists it among the referrers of its subject (distribution-spec 1.1, `OCI-Subject`)
 */
export async function putManifest(
  client: RegistryClient,
  name: string,
  {
    bytes,
    mediaType,
    retry = true,
    signal,
  }: {
    readonly bytes: Uint8Array;
    readonly mediaType: string;
    readonly retry?: boolean;
    readonly signal?: AbortSignal;
  },
): Promise<{ readonly isReferrer: boolean }> {
  const response = await client.send({
    method: 'PUT',
    place: `manifests/${name}`,
    headers: { 'content-type': mediaType },
    body: bytes,
    expect: [200, 201, 202],
    retry,
    action: `store the manifest "${name}" in "${client.repository}"`,
    ...(signal === undefined ? {} : { signal }),
  });
  response.body.resume();
  return { isReferrer: response.headers['oci-subject'] !== undefined };
}

/** The digest that a tag has in the registry; undefined when there is none. */
export async function digestOfTag(
  client: RegistryClient,
  tag: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const response = await client.send({
    method: 'HEAD',
    place: `manifests/${tag}`,
    headers: { accept: ACCEPT },
    expect: [200, 404],
    action: `look for the tag "${tag}" in "${client.repository}"`,
    ...(signal === undefined ? {} : { signal }),
  });
  response.body.resume();
  const digest = response.headers['docker-content-digest'];
  return response.status === 200 && typeof digest === 'string' ? digest : undefined;
}

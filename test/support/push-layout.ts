import { readFile } from 'node:fs/promises';
import path from 'node:path';

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface Manifest {
  readonly manifests?: readonly Descriptor[];
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
}

/**
 * Copies an image of an OCI image layout to a registry without TLS (OCI distribution-spec 1.1: blobs first, then the
 * manifests that name them), so that a Docker Engine can pull it.
 *
 * @param reference `NAME:TAG` as it stands in the layout
 * @param host `HOST:PORT` of the registry
 */
export async function pushLayout(layout: string, reference: string, host: string): Promise<void> {
  const [name = '', tag = ''] = reference.split(':');
  const index = JSON.parse(await readFile(path.join(layout, 'index.json'), 'utf8')) as Manifest;
  const entry = index.manifests?.find(
    ({ annotations }) => annotations?.['org.opencontainers.image.ref.name'] === reference,
  );
  if (entry === undefined) throw new TypeError(`the layout ${layout} has no image ${reference}`);
  await pushManifest({ layout, repository: `http://${host}/v2/${name}` }, entry, tag);
}

interface Target {
  readonly layout: string;
  readonly repository: string;
}

async function pushManifest(target: Target, descriptor: Descriptor, tag = descriptor.digest): Promise<void> {
  const bytes = await readBlob(target, descriptor);
  const manifest = JSON.parse(bytes.toString()) as Manifest;
  for (const child of manifest.manifests ?? []) await pushManifest(target, child);
  for (const blob of [...(manifest.layers ?? []), ...(manifest.config === undefined ? [] : [manifest.config])]) {
    await pushBlob(target, blob);
  }
  await send(`${target.repository}/manifests/${tag}`, 'PUT', { body: bytes, type: descriptor.mediaType });
}

async function pushBlob(target: Target, blob: Descriptor): Promise<void> {
  const there = await fetch(`${target.repository}/blobs/${blob.digest}`, { method: 'HEAD' });
  if (there.ok) return;
  const begun = await send(`${target.repository}/blobs/uploads/`, 'POST');
  const place = new URL(begun.headers.get('location') ?? '', target.repository);
  place.searchParams.set('digest', blob.digest);
  await send(place.href, 'PUT', { body: await readBlob(target, blob), type: 'application/octet-stream' });
}

function readBlob({ layout }: Target, { digest }: Descriptor): Promise<Buffer<ArrayBuffer>> {
  return readFile(path.join(layout, 'blobs', digest.replace(':', '/')));
}

async function send(
  url: string,
  method: string,
  content?: { readonly body: Buffer<ArrayBuffer>; readonly type: string },
): Promise<Response> {
  const sent = content === undefined ? {} : { body: content.body, headers: { 'content-type': content.type } };
  const response = await fetch(url, { method, ...sent });
  if (!response.ok) throw new TypeError(`${method} ${url} answered ${response.status}: ${await response.text()}`);
  return response;
}

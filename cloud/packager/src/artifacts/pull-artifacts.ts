import { checkDocument, ociMediaTypes, OciIndexSchema, OciManifestSchema, parseJson } from '@edgewright/contract';
import type { OciDescriptor, OciIndex, OciManifest } from '@edgewright/contract';
import type { ImageLayout } from '../layout/image-layout.ts';
import { downloadBlob } from '../registry/download-blob.ts';
import { readBody } from '../registry/http-exchange.ts';
import { fetchManifest, findManifest } from '../registry/manifests.ts';
import type { StoredManifest } from '../registry/manifests.ts';
import type { RegistryClient } from '../registry/registry-client.ts';
import { cosign } from '../signing/simple-signing.ts';
import { listArtifact } from './attach-artifact.ts';
import { fallbackTag } from './push-artifacts.ts';

interface Transfer {
  readonly client: RegistryClient;
  readonly layout: ImageLayout;
  readonly signal?: AbortSignal;
}

const MAX_ARTIFACTS = 50;
/** SBOMs and signatures; what is larger belongs to another purpose, and stays where it is. */
const MAX_BLOB_BYTES = 64 * 1024 * 1024;
const MAX_LIST_BYTES = 4 * 1024 * 1024;

/** Fetches what belongs to an image, after the image. @returns how many artifacts were taken */
export async function pullArtifacts(subject: string, transfer: Transfer): Promise<number> {
  const { client, signal } = transfer;
  let count = 0;
  for (const entry of (await referrersOf(subject, transfer)).slice(0, MAX_ARTIFACTS)) {
    if (entry.mediaType !== ociMediaTypes.manifest) continue;
    const stored = await fetchManifest(client, entry.digest, signal);
    if (await take(subject, stored, { ...transfer, kind: entry.artifactType })) count += 1;
  }
  const signatures = await findManifest(client, `${fallbackTag(subject)}.sig`, signal);
  const isTaken =
    signatures !== undefined && (await take(subject, signatures, { ...transfer, kind: cosign.artifactType }));
  return isTaken ? count + 1 : count;
}

async function referrersOf(subject: string, { client, signal }: Transfer): Promise<readonly OciDescriptor[]> {
  const response = await client.send({
    method: 'GET',
    place: `referrers/${subject}`,
    // registries that do not know referrers say so in many ways
    expect: [200, 400, 403, 404, 405],
    action: `look for what belongs to ${subject}`,
    ...(signal === undefined ? {} : { signal }),
  });
  if (response.status === 200) return indexIn(await readBody(response, MAX_LIST_BYTES), subject);
  response.body.resume();
  const found = await findManifest(client, fallbackTag(subject), signal);
  return found === undefined ? [] : indexIn(found.bytes, subject);
}

async function take(
  subject: string,
  stored: StoredManifest,
  { client, layout, signal, kind }: Transfer & { readonly kind: string | undefined },
): Promise<boolean> {
  const manifest = read(stored.bytes, OciManifestSchema, stored.descriptor.digest) as OciManifest;
  const blobs = [manifest.config, ...manifest.layers];
  if (blobs.some((blob) => blob.size > MAX_BLOB_BYTES)) return false;
  for (const blob of blobs) await downloadBlob(client, blob, { layout, ...(signal === undefined ? {} : { signal }) });
  const blob = await layout.put(stored.bytes);
  const artifactType = kind ?? manifest.artifactType ?? manifest.config.mediaType;
  await listArtifact(layout, subject, { mediaType: ociMediaTypes.manifest, ...blob, artifactType });
  return true;
}

function indexIn(bytes: Buffer, subject: string): readonly OciDescriptor[] {
  return (read(bytes, OciIndexSchema, `the referrers of ${subject}`) as OciIndex).manifests;
}

function read(bytes: Buffer, schema: Parameters<typeof checkDocument>[0], what: string): unknown {
  return checkDocument(schema, parseJson(bytes.toString('utf8'), what), what);
}

import { readFile } from 'node:fs/promises';
import { checkDocument, ociMediaTypes, OciIndexSchema, OciManifestSchema, parseJson } from '@edgewright/contract';
import type { OciDescriptor, OciIndex, OciManifest } from '@edgewright/contract';
import type { ImageLayout } from '../layout/image-layout.ts';
import { findManifest, putManifest } from '../registry/manifests.ts';
import type { RegistryClient } from '../registry/registry-client.ts';
import { uploadBlob } from '../registry/upload-blob.ts';
import { cosign, digestIn } from '../signing/simple-signing.ts';
import { findArtifacts } from './attach-artifact.ts';

interface Transfer {
  readonly client: RegistryClient;
  readonly layout: ImageLayout;
  readonly signal?: AbortSignal;
}

/**
 * Sends what belongs to an image after it: as referrers (distribution-spec 1.1), with the tag that stands in for them where a
 * registry does not know them, and signatures under cosign's tag as well.
 *
 * @returns how many artifacts the image has
 */
export async function pushArtifacts(subject: string, transfer: Transfer): Promise<number> {
  const artifacts = await findArtifacts(transfer.layout, subject);
  for (const artifact of artifacts) await pushArtifact(subject, artifact, transfer);
  return artifacts.length;
}

async function pushArtifact(subject: string, artifact: OciDescriptor, transfer: Transfer): Promise<void> {
  const { client, layout, signal } = transfer;
  const more = signal === undefined ? {} : { signal };
  const manifest = (await layout.read(artifact, OciManifestSchema)) as OciManifest;
  for (const blob of [manifest.config, ...manifest.layers]) {
    await uploadBlob(client, blob, { file: layout.blobFile(blob.digest), mountFrom: [], ...more });
  }
  const bytes = await readFile(layout.blobFile(artifact.digest));
  const { isReferrer } = await putManifest(client, artifact.digest, { bytes, mediaType: artifact.mediaType, ...more });
  if (!isReferrer) await addToFallback(subject, artifact, transfer);
  if (artifact.artifactType === cosign.artifactType) await addToCosignTags(manifest, transfer);
}

/** `sha256:…` as the tags that stand in for referrers have it. */
export function fallbackTag(subject: string): string {
  return subject.replace(':', '-');
}

async function addToFallback(subject: string, artifact: OciDescriptor, { client, signal }: Transfer): Promise<void> {
  const tag = fallbackTag(subject);
  const found = await findManifest(client, tag, signal);
  const known = found === undefined ? [] : (read(found.bytes, OciIndexSchema, tag) as OciIndex).manifests;
  if (known.some((one) => one.digest === artifact.digest)) return;
  const { mediaType, digest, size, artifactType } = artifact;
  const added = { mediaType, digest, size, ...(artifactType === undefined ? {} : { artifactType }) };
  const index = { schemaVersion: 2, mediaType: ociMediaTypes.index, manifests: [...known, added] };
  const bytes = Buffer.from(JSON.stringify(index));
  await putManifest(client, tag, {
    bytes,
    mediaType: ociMediaTypes.index,
    ...(signal === undefined ? {} : { signal }),
  });
}

/** The signatures of the index and of each platform's manifest, each where it is looked for. */
async function addToCosignTags(own: OciManifest, transfer: Transfer): Promise<void> {
  const bySubject = new Map<string, OciDescriptor[]>();
  for (const layer of own.layers) {
    const subject = digestIn(await readFile(transfer.layout.blobFile(layer.digest)));
    if (subject === undefined) continue;
    bySubject.set(subject, [...(bySubject.get(subject) ?? []), layer]);
  }
  for (const [subject, layers] of bySubject) await addToCosignTag(subject, { ...own, layers }, transfer);
}

/** Where cosign looks; signatures that others put there stay. */
async function addToCosignTag(subject: string, own: OciManifest, { client, signal }: Transfer): Promise<void> {
  const tag = `${fallbackTag(subject)}.sig`;
  const found = await findManifest(client, tag, signal);
  const others = found === undefined ? [] : (read(found.bytes, OciManifestSchema, tag) as OciManifest).layers;
  const isOwn = (layer: OciDescriptor): boolean =>
    own.layers.some((one) => one.annotations?.[cosign.signature] === layer.annotations?.[cosign.signature]);
  const kept = others.filter((layer) => !isOwn(layer));
  const { artifactType: _, subject: __, ...plain } = own;
  const bytes = Buffer.from(JSON.stringify({ ...plain, layers: [...kept, ...own.layers] }));
  await putManifest(client, tag, {
    bytes,
    mediaType: ociMediaTypes.manifest,
    ...(signal === undefined ? {} : { signal }),
  });
}

function read(bytes: Buffer, schema: Parameters<typeof checkDocument>[0], what: string): unknown {
  return checkDocument(schema, parseJson(bytes.toString('utf8'), what), what);
}

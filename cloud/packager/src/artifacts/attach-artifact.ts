import { imageAnnotations, ociMediaTypes } from '@edgewright/contract';
import type { OciDescriptor, OciManifest } from '@edgewright/contract';
import type { ImageLayout } from '../layout/image-layout.ts';

/** One document of an artifact. */
export interface ArtifactDocument {
  readonly mediaType: string;
  readonly content: Uint8Array;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface NewArtifact {
  /** What it is: the media type of an SBOM, of a signature … */
  readonly artifactType: string;
  readonly documents: readonly ArtifactDocument[];
  /** A configuration of its own kind; default: OCI's empty one. */
  readonly config?: ArtifactDocument;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** OCI's configuration of artifacts that have none (image-spec 1.1, "guidelines for artifact usage"). */
const EMPTY_CONFIG: ArtifactDocument = {
  mediaType: 'application/vnd.oci.empty.v1+json',
  content: Buffer.from('{}'),
};

/**
 * Adds something that belongs to an image to its layout: an OCI artifact whose `subject` is the image. One of the same kind
 * that the image has already is replaced.
 */
export async function attachArtifact(
  layout: ImageLayout,
  subject: OciDescriptor,
  artifact: NewArtifact,
): Promise<OciDescriptor> {
  const { artifactType, annotations } = artifact;
  const layers: OciDescriptor[] = [];
  for (const document of artifact.documents) layers.push(await putDocument(layout, document));
  const { mediaType, digest, size } = subject;
  const manifest: OciManifest = {
    schemaVersion: 2,
    mediaType: ociMediaTypes.manifest,
    artifactType,
    config: await putDocument(layout, artifact.config ?? EMPTY_CONFIG),
    layers,
    subject: { mediaType, digest, size },
    ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
  };
  const stored = await layout.put(Buffer.from(JSON.stringify(manifest)));
  const descriptor = { mediaType: ociMediaTypes.manifest, ...stored, artifactType };
  await layout.changeIndex((manifests) => [
    ...manifests.filter((entry) => !isArtifactOf(entry, digest) || entry.artifactType !== artifactType),
    listEntry(digest, descriptor),
  ]);
  return descriptor;
}

/** Puts an artifact whose blobs are in a layout on its list, beside others. */
export async function listArtifact(layout: ImageLayout, subject: string, descriptor: OciDescriptor): Promise<void> {
  await layout.changeIndex((manifests) => [
    ...manifests.filter((entry) => !isArtifactOf(entry, subject) || entry.digest !== descriptor.digest),
    listEntry(subject, descriptor),
  ]);
}

function listEntry(subject: string, descriptor: OciDescriptor): OciDescriptor {
  return { ...descriptor, annotations: { ...descriptor.annotations, [imageAnnotations.subject]: subject } };
}

/** What belongs to an image, by the image's digest. */
export async function findArtifacts(layout: ImageLayout, subject: string): Promise<readonly OciDescriptor[]> {
  const { manifests } = await layout.readIndex();
  return manifests.filter((entry) => isArtifactOf(entry, subject));
}

function isArtifactOf(entry: OciDescriptor, subject: string): boolean {
  return entry.annotations?.[imageAnnotations.subject] === subject;
}

async function putDocument(layout: ImageLayout, document: ArtifactDocument): Promise<OciDescriptor> {
  const { mediaType, content, annotations } = document;
  const blob = await layout.put(content);
  return { mediaType, ...blob, ...(annotations === undefined ? {} : { annotations: { ...annotations } }) };
}

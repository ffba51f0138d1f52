import { readFile } from 'node:fs/promises';
import { discardEvents, OciIndexSchema, OciManifestSchema } from '@edgewright/contract';
import type { EventSink, OciDescriptor, OciIndex, OciManifest } from '@edgewright/contract';
import { pushArtifacts } from './artifacts/push-artifacts.ts';
import { parseImageReference } from './image-reference.ts';
import type { ImageReference } from './image-reference.ts';
import type { ImageLayout } from './layout/image-layout.ts';
import { findImage } from './list-images.ts';
import { mapBounded } from './map-bounded.ts';
import { PackagerError } from './packager-error.ts';
import { digestOfTag, putManifest } from './registry/manifests.ts';
import { RegistryClient } from './registry/registry-client.ts';
import type { RegistryOptions } from './registry/registry-client.ts';
import { uploadBlob } from './registry/upload-blob.ts';
import type { UploadOutcome } from './registry/upload-blob.ts';

export interface PushImageOptions {
  readonly layoutDirectory: string;
  /** The image in the layout, `NAME:TAG`. */
  readonly image: string;
  /** `REGISTRY/REPOSITORY:TAG`; default: the image's own name, which must then begin with a registry. */
  readonly target?: string;
  readonly registry?: RegistryOptions;
  /** Other repositories of the registry that may have some of the layers already. */
  readonly mountFrom?: readonly string[];
  /** Bytes in one request; default 8 MiB. */
  readonly chunkBytes?: number;
  readonly emit?: EventSink;
  readonly signal?: AbortSignal;
}

export interface PushedImage {
  /** Where the image is now. */
  readonly reference: string;
  readonly digest: string;
  /** Bytes of the blobs that were sent; the others were there already. */
  readonly uploadedBytes: number;
  readonly blobs: readonly {
    readonly digest: string;
    readonly sizeBytes: number;
    readonly outcome: UploadOutcome;
  }[];
}

const UPLOADS_AT_ONCE = 4;

/**
 * Sends an image from a layout to a registry. What the registry has is not sent; an interrupted push, called again, goes on
 * with what is missing. The tag is set last, so that it never names half an image. What belongs to the image (signatures,
 * SBOM …) follows.
 *
 * Events: `image.push` for each blob, with `data` {digest, sizeBytes, outcome}, and its progress in bytes.
 *
 * @throws PackagerError `ImageNotFound`, `ImageInvalid`, `ImageInputInvalid`, `RegistryRefused`, `RegistryFailed`
 */
export async function pushImage(options: PushImageOptions): Promise<PushedImage> {
  const { layout, reference, descriptor } = await findImage(options.layoutDirectory, options.image);
  const target = requireRegistry(parseImageReference(options.target ?? reference));
  const mountFrom = options.mountFrom ?? [];
  using client = await RegistryClient.open(target, options.registry ?? {}, { mayPush: true, alsoPull: mountFrom });
  const emit = options.emit ?? discardEvents;
  const result = { reference: target.text, digest: descriptor.digest };
  const more = options.signal === undefined ? {} : { signal: options.signal };
  if ((await digestOfTag(client, target.tag, options.signal)) === descriptor.digest) {
    await pushArtifacts(descriptor.digest, { client, layout, ...more });
    emit({ stage: 'image.push', state: 'done', text: `${target.text} is there already`, data: result });
    return { ...result, uploadedBytes: 0, blobs: [] };
  }
  const manifests = ((await layout.read(descriptor, OciIndexSchema)) as OciIndex).manifests;
  const blobs = await mapBounded(await blobsOf(layout, manifests), UPLOADS_AT_ONCE, async (blob) => {
    return await pushBlob(blob, { options, client, layout, emit });
  });
  for (const manifest of manifests) await pushManifest(manifest.digest, manifest, { client, layout, options });
  await pushManifest(target.tag, descriptor, { client, layout, options });
  await pushArtifacts(descriptor.digest, { client, layout, ...more });
  const uploaded = blobs.filter((blob) => blob.outcome === 'uploaded');
  const uploadedBytes = uploaded.reduce((sum, blob) => sum + blob.sizeBytes, 0);
  emit({ stage: 'image.push', state: 'done', text: `Pushed ${target.text}`, data: { ...result, uploadedBytes } });
  return { ...result, uploadedBytes, blobs };
}

interface PushContext {
  readonly options: PushImageOptions;
  readonly client: RegistryClient;
  readonly layout: ImageLayout;
}

async function pushBlob(
  blob: OciDescriptor,
  { options, client, layout, emit }: PushContext & { readonly emit: EventSink },
): Promise<PushedImage['blobs'][number]> {
  const { digest, size } = blob;
  const outcome = await uploadBlob(client, blob, {
    file: layout.blobFile(digest),
    mountFrom: options.mountFrom ?? [],
    onProgress: (sent) => {
      emit({ stage: 'image.push', state: 'progress', text: digest, completed: sent, total: size, data: { digest } });
    },
    ...(options.chunkBytes === undefined ? {} : { chunkBytes: options.chunkBytes }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const data = { digest, sizeBytes: size, outcome };
  emit({ stage: 'image.push', state: 'done', text: `${digest}, ${size} bytes, ${outcome}`, data });
  return data;
}

async function pushManifest(name: string, descriptor: OciDescriptor, context: PushContext): Promise<void> {
  const { client, layout, options } = context;
  const bytes = await readFile(layout.blobFile(descriptor.digest));
  // a layout lists indexes of Docker's kind under OCI's name; a registry wants what the document says of itself
  const { mediaType = descriptor.mediaType } = JSON.parse(bytes.toString('utf8')) as { mediaType?: string };
  await putManifest(client, name, {
    bytes,
    mediaType,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

/** Configurations and layers of all platforms, each once, the large ones first. */
async function blobsOf(layout: ImageLayout, manifests: readonly OciDescriptor[]): Promise<OciDescriptor[]> {
  const blobs = new Map<string, OciDescriptor>();
  for (const entry of manifests) {
    const manifest = (await layout.read(entry, OciManifestSchema)) as OciManifest;
    for (const blob of [manifest.config, ...manifest.layers]) blobs.set(blob.digest, blob);
  }
  return [...blobs.values()].sort((a, b) => b.size - a.size);
}

/** @throws PackagerError `ImageInputInvalid` */
export function requireRegistry(reference: ImageReference): ImageReference & { readonly registry: string } {
  const { registry } = reference;
  if (registry !== undefined) return { ...reference, registry };
  throw new PackagerError(
    'ImageInputInvalid',
    `"${reference.text}" names no registry: expected REGISTRY/REPOSITORY:TAG, such as example.azurecr.io/${reference.text}`,
    { details: { reference: reference.text } },
  );
}

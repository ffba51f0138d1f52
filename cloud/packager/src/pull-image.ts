import {
  checkDocument,
  discardEvents,
  isEdgewrightError,
  ociMediaTypes,
  OciIndexSchema,
  OciManifestSchema,
  parseJson,
} from '@edgewright/contract';
import type { EventSink, OciDescriptor, OciIndex, OciManifest } from '@edgewright/contract';
import { pullArtifacts } from './artifacts/pull-artifacts.ts';
import { parseImageReference } from './image-reference.ts';
import type { ImageSummary } from './image-summary.ts';
import { indexOfOne } from './index-of-one.ts';
import { nameImage } from './layout/image-blobs.ts';
import { ImageLayout } from './layout/image-layout.ts';
import { summarizeImage } from './list-images.ts';
import { mapBounded } from './map-bounded.ts';
import { PackagerError } from './packager-error.ts';
import { requireRegistry } from './push-image.ts';
import { downloadBlob } from './registry/download-blob.ts';
import { fetchManifest } from './registry/manifests.ts';
import { RegistryClient } from './registry/registry-client.ts';
import type { RegistryOptions } from './registry/registry-client.ts';

export interface PullImageOptions {
  /** `REGISTRY/REPOSITORY:TAG` of an image index, or of an image for one platform. */
  readonly reference: string;
  readonly layoutDirectory: string;
  readonly registry?: RegistryOptions;
  readonly emit?: EventSink;
  readonly signal?: AbortSignal;
}

const DOWNLOADS_AT_ONCE = 4;
const INDEX_TYPES: readonly string[] = [ociMediaTypes.index, ociMediaTypes.dockerManifestList];
const MANIFEST_TYPES: readonly string[] = [ociMediaTypes.manifest, ociMediaTypes.dockerManifest];

/**
 * Brings an image from a registry into a layout, all its platforms. Every digest is checked as the bytes arrive, and the
 * image gets its name when everything is there. What belongs to it (signatures, SBOM …) follows. An image for one platform, as
 * `docker build` without buildx makes it, gets an index of its own here, whose digest is not the registry's.
 *
 * Events: `image.pull` for each blob, with `data` {digest, sizeBytes, origin}, and its progress in bytes.
 *
 * @throws PackagerError `ImageNotFound`, `ImageInvalid`, `ImageInputInvalid`, `RegistryRefused`, `RegistryFailed`
 */
export async function pullImage(options: PullImageOptions): Promise<ImageSummary> {
  const target = requireRegistry(parseImageReference(options.reference));
  using client = await RegistryClient.open(target, options.registry ?? {});
  const root = await fetchManifest(client, target.tag, options.signal);
  const { mediaType } = root.descriptor;
  const isIndex = INDEX_TYPES.includes(mediaType);
  if (!isIndex && !MANIFEST_TYPES.includes(mediaType)) {
    throw new PackagerError('ImageInvalid', `cannot pull "${target.text}": it is ${mediaType}, and no image`, {
      details: { reference: target.text, mediaType },
    });
  }
  const layout = await ImageLayout.open(options.layoutDirectory);
  const entries = isIndex ? (read(root.bytes, OciIndexSchema, target.text) as OciIndex).manifests : [root.descriptor];
  const blobs = new Map<string, OciDescriptor>();
  for (const entry of entries) {
    const manifest = isIndex ? await fetchManifest(client, entry.digest, options.signal) : root;
    const { config, layers } = read(manifest.bytes, OciManifestSchema, entry.digest) as OciManifest;
    for (const blob of [config, ...layers]) blobs.set(blob.digest, blob);
    await layout.put(manifest.bytes);
  }
  const ordered = [...blobs.values()].sort((a, b) => b.size - a.size);
  await mapBounded(ordered, DOWNLOADS_AT_ONCE, (blob) => pullBlob(blob, { options, client, layout }));
  const top = isIndex ? root : await indexOfOne(layout, root.descriptor);
  await layout.put(top.bytes);
  // the layout lists what has OCI's type; the bytes of Docker's form are the same in substance, and stay as they are
  await nameImage(layout, target.text, { ...top.descriptor, mediaType: ociMediaTypes.index });
  const more = options.signal === undefined ? {} : { signal: options.signal };
  await pullArtifacts(root.descriptor.digest, { client, layout, ...more });
  return await summarizeImage(layout, target.text, top.descriptor);
}

async function pullBlob(
  blob: OciDescriptor,
  context: { readonly options: PullImageOptions; readonly client: RegistryClient; readonly layout: ImageLayout },
): Promise<void> {
  const { options, client, layout } = context;
  const emit = options.emit ?? discardEvents;
  const { digest, size } = blob;
  const isNew = await downloadBlob(client, blob, {
    layout,
    onProgress: (received) => {
      emit({
        stage: 'image.pull',
        state: 'progress',
        text: digest,
        completed: received,
        total: size,
        data: { digest },
      });
    },
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const origin = isNew ? 'downloaded' : 'present';
  emit({
    stage: 'image.pull',
    state: 'done',
    text: `${digest}, ${size} bytes, ${origin}`,
    data: { digest, sizeBytes: size, origin },
  });
}

function read(bytes: Buffer, schema: Parameters<typeof checkDocument>[0], what: string): unknown {
  try {
    return checkDocument(schema, parseJson(bytes.toString('utf8'), what), what);
  } catch (cause) {
    if (!isEdgewrightError(cause)) throw cause;
    throw new PackagerError('ImageInvalid', cause.message, { details: cause.details, cause });
  }
}

import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '@edgewright/contract';
import type { OciPlatform } from '@edgewright/contract';
import { SimulatorError } from '../simulator-error.ts';

/** A pointer to a blob, as it stands in OCI documents. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly os: string; readonly architecture: string; readonly variant?: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What an image says of how it is run. */
export interface ImageConfig {
  readonly Entrypoint?: readonly string[] | null;
  readonly Cmd?: readonly string[] | null;
  readonly Env?: readonly string[] | null;
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly StopSignal?: string;
}

/** An image for one platform, found in a layout. */
export interface LocatedImage {
  readonly reference: string;
  readonly layoutDirectory: string;
  /** Of its manifest. */
  readonly digest: string;
  /** Of its configuration, by which Docker Engines name images. */
  readonly configDigest: string;
  readonly config: ImageConfig;
  readonly layers: readonly Descriptor[];
  /** Digests of the layers when they are not compressed, in the same order. */
  readonly diffIds: readonly string[];
}

const REF_NAME = 'org.opencontainers.image.ref.name';
const INDEX_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];
const MAX_JSON_BYTES = 4 * 1024 * 1024;
/** An index may point to an index. */
const MAX_INDEX_DEPTH = 3;

/** The file of a blob. @throws SimulatorError `ModuleImageUnusable` for what is no sha256 digest */
export function blobPath(layoutDirectory: string, digest: string): string {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
  if (hex === undefined) throw unusable(`"${digest}" is not a sha256 digest`, { digest, layoutDirectory });
  return path.join(layoutDirectory, 'blobs', 'sha256', hex);
}

/** An error about an image, in the form in which all of them are told. */
export function unusable(reason: string, details: Readonly<Record<string, unknown>>, cause?: unknown): SimulatorError {
  return new SimulatorError('ModuleImageUnusable', `cannot use the image: ${reason}`, {
    details,
    ...(cause !== undefined && { cause }),
  });
}

/**
 * Finds an image in an OCI image layout and reads what it says of itself.
 *
 * @param names any of the names that the image may have there
 * @returns undefined when the layout has none of them
 * @throws SimulatorError `ModuleImageUnusable` when it is there and cannot be used on this platform
 */
export async function locateImage(
  layoutDirectory: string,
  names: { readonly reference: string; readonly tags: readonly string[]; readonly digest?: string },
  platform: OciPlatform,
): Promise<LocatedImage | undefined> {
  const index = await readJson(path.join(layoutDirectory, 'index.json'), undefined);
  const found = descriptorsOf(index).filter(
    ({ annotations, digest }) => digest === names.digest || names.tags.includes(annotations?.[REF_NAME] ?? ''),
  );
  if (found.length === 0) return undefined;
  const details = { reference: names.reference, layoutDirectory, platform };
  const descriptor = await manifestFor(found, { layoutDirectory, platform, depth: 0 });
  if (descriptor === undefined) {
    const wanted = [platform.os, platform.architecture, platform.variant]
      .filter((part) => part !== undefined)
      .join('/');
    throw unusable(`"${names.reference}" has nothing for ${wanted}`, details);
  }
  const manifest = await readBlob(layoutDirectory, descriptor);
  const described = manifest['config'] as Descriptor;
  const config = await readBlob(layoutDirectory, described);
  return {
    reference: names.reference,
    layoutDirectory,
    digest: descriptor.digest,
    configDigest: described.digest,
    config: config['config'] ?? {},
    layers: (manifest['layers'] ?? []) as Descriptor[],
    diffIds: (config['rootfs'] as { diff_ids?: string[] } | undefined)?.diff_ids ?? [],
  };
}

/** The manifest for a platform among these, looking into indexes. */
async function manifestFor(
  descriptors: readonly Descriptor[],
  where: { readonly layoutDirectory: string; readonly platform: OciPlatform; readonly depth: number },
): Promise<Descriptor | undefined> {
  if (where.depth > MAX_INDEX_DEPTH) return undefined;
  for (const descriptor of descriptors) {
    if (INDEX_TYPES.includes(descriptor.mediaType)) {
      const inner = descriptorsOf(await readBlob(where.layoutDirectory, descriptor));
      const found = await manifestFor(inner, { ...where, depth: where.depth + 1 });
      if (found !== undefined) return found;
    } else if (descriptor.platform === undefined || isFor(descriptor.platform, where.platform)) return descriptor;
  }
  return undefined;
}

function isFor(platform: NonNullable<Descriptor['platform']>, wanted: OciPlatform): boolean {
  if (platform.os !== wanted.os || platform.architecture !== wanted.architecture) return false;
  return platform.variant === undefined || wanted.variant === undefined || platform.variant === wanted.variant;
}

function descriptorsOf(index: Readonly<Record<string, unknown>>): Descriptor[] {
  const { manifests } = index;
  return Array.isArray(manifests) ? (manifests as Descriptor[]) : [];
}

async function readBlob(layoutDirectory: string, descriptor: Descriptor): Promise<Readonly<Record<string, unknown>>> {
  return await readJson(blobPath(layoutDirectory, descriptor.digest), descriptor.digest);
}

async function readJson(file: string, digest: string | undefined): Promise<Readonly<Record<string, unknown>>> {
  let bytes: Buffer;
  try {
    bytes = await readBounded(file);
  } catch (cause) {
    if (cause instanceof SimulatorError) throw cause;
    throw unusable(`${file} cannot be read: ${messageOf(cause)}`, { file }, cause);
  }
  const actual = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  if (digest !== undefined && digest !== actual) {
    throw unusable(`${file} was changed: its digest is ${actual}, not ${digest}`, { file, digest, actual });
  }
  try {
    const value = JSON.parse(bytes.toString('utf8')) as unknown;
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw unusable(`${file} is not JSON: ${messageOf(cause)}`, { file }, cause);
  }
  throw unusable(`${file} does not hold a JSON object`, { file });
}

async function readBounded(file: string): Promise<Buffer> {
  await using handle = await open(file, 'r');
  const { size } = await handle.stat();
  if (size > MAX_JSON_BYTES) {
    throw unusable(`${file} has ${size} bytes; descriptions of images have at most ${MAX_JSON_BYTES}`, { file, size });
  }
  return await handle.readFile();
}

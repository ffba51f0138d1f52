import { createHash } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { discardEvents, imageAnnotations } from '@edgewright/contract';
import type { EventSink } from '@edgewright/contract';
import { buildImage } from '../build-image.ts';
import type { BuildImageOptions } from '../build-image.ts';
import type { ImageSummary, LayerSummary } from '../image-summary.ts';
import { imageBlobs } from '../layout/image-blobs.ts';
import type { ImageLayout } from '../layout/image-layout.ts';
import { findImage, showImage } from '../list-images.ts';
import type { FoundImage, ImageDetails } from '../list-images.ts';
import { PackagerError } from '../packager-error.ts';
import { modelFilesIn, signatureOfFile } from './model-file-signatures.ts';
import { cosign, isSigned, MODEL_SIGNATURES } from './simple-signing.ts';
import { readSignatures } from './sign-image.ts';
import { keyId, readPublicKey } from './signing-key.ts';

export interface VerifyImageOptions {
  readonly layoutDirectory: string;
  /** `NAME[:TAG]` */
  readonly image: string;
  /** PEM; the image and its models must be signed by this key. */
  readonly publicKey?: string;
  /** What the image was built from: it is built again, and must come out the same. */
  readonly rebuild?: Pick<BuildImageOptions, 'models' | 'config' | 'configDirectory' | 'registry' | 'cacheDirectory'>;
  readonly emit?: EventSink;
  readonly signal?: AbortSignal;
}

export interface VerifiedImage {
  readonly reference: string;
  readonly digest: string;
  /** Blobs whose digests were computed again. */
  readonly blobs: number;
  /** The key that signed, when one was asked for. */
  readonly keyId?: string;
  /** True when it was built again, and came out the same to the byte. */
  readonly rebuilt: boolean;
}

/**
 * Checks an image: every digest, then the signature, then that building it again gives the same image.
 *
 * @throws PackagerError `ImageNotVerified` with what differs; `ImageNotFound`, `KeyInvalid`, and what building throws
 */
export async function verifyImage(options: VerifyImageOptions): Promise<VerifiedImage> {
  const found = await findImage(options.layoutDirectory, options.image);
  const { layout, reference, descriptor } = found;
  const emit = options.emit ?? discardEvents;
  const note = (text: string): void => emit({ stage: 'image.verify', state: 'done', text });
  const blobs = await checkDigests(layout, found, options.signal);
  note(`All ${blobs} blobs of ${reference} have their digests`);
  const key = options.publicKey === undefined ? undefined : readPublicKey(options.publicKey);
  const details = await showImage(options.layoutDirectory, options.image);
  if (key !== undefined) {
    await checkSignatures(found, details, key);
    note(`${reference} and its models are signed by the key ${keyId(key)}`);
  }
  if (options.rebuild !== undefined) {
    await checkRebuild(details, options.rebuild, options);
    note(`Built again, ${reference} comes out the same: ${descriptor.digest}`);
  }
  return {
    reference,
    digest: descriptor.digest,
    blobs,
    ...(key === undefined ? {} : { keyId: keyId(key) }),
    rebuilt: options.rebuild !== undefined,
  };
}

async function checkDigests(layout: ImageLayout, found: FoundImage, signal?: AbortSignal): Promise<number> {
  const blobs = await imageBlobs(layout, found.descriptor);
  for (const { digest } of blobs.values()) {
    const hash = createHash('sha256');
    await pipeline(createReadStream(layout.blobFile(digest), { highWaterMark: 1_048_576 }), hash, { signal }).catch(
      (cause: unknown) => {
        signal?.throwIfAborted();
        throw refused(found.reference, `the blob ${digest} cannot be read`, cause);
      },
    );
    const actual = `sha256:${hash.digest('hex')}`;
    if (actual !== digest) throw refused(found.reference, `the blob ${digest} has the digest ${actual}`);
  }
  return blobs.size;
}

async function checkSignatures(found: FoundImage, details: ImageDetails, key: KeyObject): Promise<void> {
  const { layout, reference, descriptor } = found;
  const ofImage = await readSignatures(layout, descriptor.digest, cosign.artifactType);
  if (!ofImage.some((one) => isSigned(key, descriptor.digest, one))) {
    const there = ofImage.length === 0 ? 'it has no signature' : `it has ${ofImage.length} signatures, none of them`;
    throw refused(reference, `${there} by the key ${keyId(key)}`);
  }
  const ofModels = await readSignatures(layout, descriptor.digest, MODEL_SIGNATURES);
  const models = new Map<string, LayerSummary>();
  for (const { platform, layers } of details.platforms) {
    for (const layer of layers.filter((one) => one.role === 'model')) {
      models.set(layer.digest, layer);
      if (ofModels.some((one) => isSigned(key, layer.digest, one))) continue;
      throw refused(reference, `its model layer ${layer.digest} on ${platform} is not signed by the key ${keyId(key)}`);
    }
  }
  for (const layer of models.values()) {
    for (const file of await modelFilesIn(layout, layer)) {
      if (signatureOfFile(key, file, ofModels) !== undefined) continue;
      throw refused(
        reference,
        `the model file ${file.path} (sha256 ${file.sha256}) is not signed by the key ${keyId(key)}`,
      );
    }
  }
}

async function checkRebuild(
  details: ImageDetails,
  inputs: NonNullable<VerifyImageOptions['rebuild']>,
  { layoutDirectory, signal }: VerifyImageOptions,
): Promise<void> {
  const staging = path.join(layoutDirectory, '.staging');
  await mkdir(staging, { recursive: true });
  const folder = await mkdtemp(path.join(staging, 'verify-'));
  try {
    // layers are made anew; only packages, whose digests were checked when they were fetched, are taken from the cache
    const cacheDirectory = path.join(folder, 'cache');
    await mkdir(cacheDirectory);
    const packages = path.join(inputs.cacheDirectory ?? path.join(layoutDirectory, '..', 'cache'), 'packages');
    await mkdir(packages, { recursive: true });
    await symlink(packages, path.join(cacheDirectory, 'packages'));
    const title = details.labels['org.opencontainers.image.title'] ?? '';
    const version = details.labels['org.opencontainers.image.version'] ?? '';
    const rebuilt = await buildImage({
      ...inputs,
      platforms: details.platforms.map(({ platform }) => platform),
      layoutDirectory: path.join(folder, 'images'),
      cacheDirectory,
      tag: `${title}:${version}`,
      ...(signal === undefined ? {} : { signal }),
    });
    if (rebuilt.digest === details.digest) return;
    const again = await showImage(path.join(folder, 'images'), `${title}:${version}`);
    throw refused(details.reference, `built again it is ${rebuilt.digest}: ${differenceOf(details, again)}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** In which layer or label two images differ first. */
function differenceOf(was: ImageDetails, is: ImageDetails): string {
  for (const { platform, layers } of was.platforms) {
    const others = layersOf(is, platform);
    const layer = layers.find((one, place) => others[place]?.digest !== one.digest);
    if (layer !== undefined || layers.length !== others.length) {
      return `the ${layer?.role ?? 'last'} layer of ${platform} is another one`;
    }
  }
  const builder = imageAnnotations.builder;
  const keys = [...new Set([...Object.keys(was.labels), ...Object.keys(is.labels)])];
  const key = keys.find((one) => was.labels[one] !== is.labels[one]);
  if (key === builder) return `it was built by edgewright ${was.labels[builder]}, and this is ${is.labels[builder]}`;
  return key === undefined ? 'its configuration is another one' : `the label "${key}" is another one`;
}

function layersOf(image: ImageSummary, platform: string): ImageSummary['platforms'][number]['layers'] {
  return image.platforms.find((one) => one.platform === platform)?.layers ?? [];
}

function refused(reference: string, reason: string, cause?: unknown): PackagerError {
  return new PackagerError('ImageNotVerified', `cannot trust the image "${reference}": ${reason}`, {
    details: { reference, reason },
    ...(cause === undefined ? {} : { cause }),
  });
}

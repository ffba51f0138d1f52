import { readFile } from 'node:fs/promises';
import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { discardEvents, OciManifestSchema } from '@edgewright/contract';
import type { EventSink, OciManifest } from '@edgewright/contract';
import { attachArtifact, findArtifacts } from '../artifacts/attach-artifact.ts';
import type { ArtifactDocument } from '../artifacts/attach-artifact.ts';
import type { ImageLayout } from '../layout/image-layout.ts';
import { findImage, summarizeImage } from '../list-images.ts';
import { cosign, isSigned, MODEL_SIGNATURES, signatureArtifact, signDigest } from './simple-signing.ts';
import { keyId, readPrivateKey } from './signing-key.ts';

/** More than these are not looked at. */
const MAX_SIGNATURES = 100;

export interface SignImageOptions {
  readonly layoutDirectory: string;
  /** `NAME[:TAG]` */
  readonly image: string;
  /** PEM, ECDSA P-256. */
  readonly privateKey: string;
  readonly passphrase?: string;
  readonly emit?: EventSink;
}

export interface SignedImage {
  readonly reference: string;
  readonly digest: string;
  /** SHA-256 of the public key. */
  readonly keyId: string;
  /** Digests of the models' layers, each of which has a signature of its own. */
  readonly models: readonly string[];
}

/**
 * Signs an image, and the layer of each model in it, in cosign's form. The signatures lie beside the image in its layout, and
 * go with it when it is pushed. Signing again with the same key changes nothing.
 *
 * @throws PackagerError `KeyInvalid`, `ImageNotFound`, `ImageInvalid`
 */
export async function signImage(options: SignImageOptions): Promise<SignedImage> {
  const key = readPrivateKey(options.privateKey, options.passphrase);
  const { layout, reference, descriptor } = await findImage(options.layoutDirectory, options.image);
  const { platforms } = await summarizeImage(layout, reference, descriptor);
  const layers = platforms.flatMap((platform) => platform.layers).filter((layer) => layer.role === 'model');
  const models = [...new Set(layers.map((layer) => layer.digest))];
  const context = { layout, subject: descriptor, key, reference: reference.replace(/:[^:/]+$/, '') };
  await addSignatures(context, cosign.artifactType, [descriptor.digest]);
  await addSignatures(context, MODEL_SIGNATURES, models);
  const signed = { reference, digest: descriptor.digest, keyId: keyId(key), models };
  const emit = options.emit ?? discardEvents;
  emit({ stage: 'image.sign', state: 'done', text: `Signed ${reference}`, data: { ...signed } });
  return signed;
}

interface SigningContext {
  readonly layout: ImageLayout;
  readonly subject: Parameters<typeof attachArtifact>[1];
  readonly key: KeyObject;
  readonly reference: string;
}

async function addSignatures(context: SigningContext, artifactType: string, digests: readonly string[]): Promise<void> {
  const { layout, subject, key, reference } = context;
  if (digests.length === 0) return;
  const there = await readSignatures(layout, subject.digest, artifactType);
  const own = createPublicKey(key);
  const missing = digests.filter((digest) => !there.some((one) => isSigned(own, digest, one)));
  if (missing.length === 0) return;
  const added = missing.map((digest) => signDigest(key, digest, reference));
  await attachArtifact(layout, subject, signatureArtifact(artifactType, [...there, ...added]));
}

/** The signatures of one kind that an image has. @throws PackagerError `ImageInvalid` */
export async function readSignatures(
  layout: ImageLayout,
  subject: string,
  artifactType: string,
): Promise<readonly ArtifactDocument[]> {
  const entries = (await findArtifacts(layout, subject)).filter((one) => one.artifactType === artifactType);
  const documents = new Map<string, ArtifactDocument>();
  for (const entry of entries) {
    const manifest = (await layout.read(entry, OciManifestSchema)) as OciManifest;
    for (const { mediaType, digest, annotations = {} } of manifest.layers) {
      if (documents.size >= MAX_SIGNATURES) break;
      const content = await readFile(layout.blobFile(digest));
      documents.set(`${digest} ${annotations[cosign.signature] ?? ''}`, { mediaType, content, annotations });
    }
  }
  return [...documents.values()];
}

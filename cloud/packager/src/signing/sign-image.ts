import { readFile } from 'node:fs/promises';
import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { discardEvents, OciManifestSchema } from '@edgewright/contract';
import type { EventSink, OciManifest } from '@edgewright/contract';
import { attachArtifact, findArtifacts } from '../artifacts/attach-artifact.ts';
import type { ArtifactDocument } from '../artifacts/attach-artifact.ts';
import type { ImageLayout } from '../layout/image-layout.ts';
import { findImage, summarizeImage } from '../list-images.ts';
import { modelFilesIn, signatureOfFile, signModelFile } from './model-file-signatures.ts';
import type { ModelFileDigest, SignedModelFile } from './model-file-signatures.ts';
import { cosign, isSigned, MODEL_SIGNATURES, signatureArtifact, signDigest } from './simple-signing.ts';
import { keyId, readPrivateKey } from './signing-key.ts';

/** More than these are not looked at, and none that is larger: a payload names a digest. */
const MAX_SIGNATURES = 10_000;
const MAX_PAYLOAD_BYTES = 65_536;

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
  /** The files of the models, each with the signature that a device asks for when the file comes over the air. */
  readonly files: readonly SignedModelFile[];
}

/**
 * Signs an image in cosign's form: its index and the manifest of each platform (some tools check the one, some the other), and
 * the layer of each model. The files of the models are signed as devices check them. The signatures lie beside the image in its layout, and
 * go with it when it is pushed. Signing again with the same key changes nothing.
 *
 * @throws PackagerError `KeyInvalid`, `ImageNotFound`, `ImageInvalid`
 */
export async function signImage(options: SignImageOptions): Promise<SignedImage> {
  const key = readPrivateKey(options.privateKey, options.passphrase);
  const { layout, reference, descriptor } = await findImage(options.layoutDirectory, options.image);
  const { platforms } = await summarizeImage(layout, reference, descriptor);
  const layers = platforms.flatMap((platform) => platform.layers).filter((layer) => layer.role === 'model');
  const models = [...new Map(layers.map((layer) => [layer.digest, layer])).values()];
  const files = (await Promise.all(models.map((layer) => modelFilesIn(layout, layer)))).flat();
  const context = { layout, subject: descriptor, key, reference: reference.replace(/:[^:/]+$/, '') };
  const roots = [descriptor.digest, ...platforms.map((platform) => platform.digest)];
  await addSignatures(context, cosign.artifactType, { digests: roots });
  const digests = models.map((layer) => layer.digest);
  const documents = await addSignatures(context, MODEL_SIGNATURES, { digests, files });
  const own = createPublicKey(key);
  const signed = {
    reference,
    digest: descriptor.digest,
    keyId: keyId(key),
    models: digests,
    files: files.map((file) => ({ ...file, signature: signatureOfFile(own, file, documents) ?? '' })),
  };
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

interface Unsigned {
  readonly digests: readonly string[];
  readonly files?: readonly ModelFileDigest[];
}

/** @returns all signatures of the kind, old and new */
async function addSignatures(
  context: SigningContext,
  artifactType: string,
  { digests, files = [] }: Unsigned,
): Promise<readonly ArtifactDocument[]> {
  const { layout, subject, key, reference } = context;
  if (digests.length === 0) return [];
  const there = await readSignatures(layout, subject.digest, artifactType);
  const own = createPublicKey(key);
  const missing = digests.filter((digest) => !there.some((one) => isSigned(own, digest, one)));
  const missingFiles = files.filter((file) => signatureOfFile(own, file, there) === undefined);
  if (missing.length + missingFiles.length === 0) return there;
  const all = [
    ...there,
    ...missing.map((digest) => signDigest(key, digest, reference)),
    ...missingFiles.map((file) => signModelFile(key, file)),
  ];
  await attachArtifact(layout, subject, signatureArtifact(artifactType, all));
  return all;
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
    for (const { mediaType, digest, size, annotations = {} } of manifest.layers) {
      if (documents.size >= MAX_SIGNATURES) break;
      if (size > MAX_PAYLOAD_BYTES) continue;
      const content = await readFile(layout.blobFile(digest));
      documents.set(`${digest} ${annotations[cosign.signature] ?? ''}`, { mediaType, content, annotations });
    }
  }
  return [...documents.values()];
}

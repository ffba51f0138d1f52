import { createHash } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { imageAnnotations, imagePaths } from '@edgewright/contract';
import type { ArtifactDocument } from '../artifacts/attach-artifact.ts';
import { layerEntries } from '../layout/layer-files.ts';
import type { ImageLayout } from '../layout/image-layout.ts';
import { isSignature, signBytes } from './signing-key.ts';
import { cosign } from './simple-signing.ts';

/** A file of a model in an image. */
export interface ModelFileDigest {
  /** Inside the folder of models: `diabetes/1/diabetes.onnx`. */
  readonly path: string;
  /** In hexadecimal. */
  readonly sha256: string;
}

/** A file of a model with the signature that a device asks for when the file comes over the air. */
export interface SignedModelFile extends ModelFileDigest {
  /** In Base64: ECDSA P-256 with SHA-256 (DER) over the 32 bytes of the file's SHA-256. */
  readonly signature: string;
}

const DIGEST_TYPE = 'application/vnd.edgewright.model.sha256.v1';
const MODELS_FOLDER = `${imagePaths.appRoot.slice(1)}/${imagePaths.models}/`;
const MAX_FILES = 10_000;

/**
 * The files in the layer of a model, with digests that are computed from their bytes.
 *
 * @throws RangeError when there are too many, and what reading a damaged archive throws
 */
export async function modelFilesIn(
  layout: ImageLayout,
  layer: { readonly digest: string; readonly mediaType: string },
): Promise<readonly ModelFileDigest[]> {
  const files: ModelFileDigest[] = [];
  for await (const entry of layerEntries(layout, layer)) {
    const { name, type } = entry.header;
    if (type !== 'file') {
      entry.resume();
      continue;
    }
    if (files.length >= MAX_FILES)
      throw new RangeError(`the model layer ${layer.digest} has more than ${MAX_FILES} files`);
    const hash = createHash('sha256');
    for await (const chunk of entry as AsyncIterable<Buffer>) hash.update(chunk);
    const path = name.startsWith(MODELS_FOLDER) ? name.slice(MODELS_FOLDER.length) : name;
    files.push({ path, sha256: hash.digest('hex') });
  }
  return files;
}

/** Signs the digest of a file, in the form that `modules/edge` checks before it takes a model over the air. */
export function signModelFile(key: KeyObject, { path, sha256 }: ModelFileDigest): ArtifactDocument {
  const content = Buffer.from(sha256, 'hex');
  return {
    mediaType: DIGEST_TYPE,
    content,
    annotations: { [imageAnnotations.fileTitle]: path, [cosign.signature]: signBytes(key, content) },
  };
}

/** The signature of a file by a key among documents; undefined when there is none. */
export function signatureOfFile(
  key: KeyObject,
  { sha256 }: ModelFileDigest,
  documents: readonly ArtifactDocument[],
): string | undefined {
  const wanted = Buffer.from(sha256, 'hex');
  return documents
    .filter((document) => document.mediaType === DIGEST_TYPE && wanted.equals(document.content))
    .map((document) => document.annotations?.[cosign.signature] ?? '')
    .find((signature) => isSignature(key, wanted, signature));
}

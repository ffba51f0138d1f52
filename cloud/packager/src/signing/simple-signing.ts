import type { KeyObject } from 'node:crypto';
import { createHash } from 'node:crypto';
import type { ArtifactDocument, NewArtifact } from '../artifacts/attach-artifact.ts';
import { isSignature, signBytes } from './signing-key.ts';

/**
 * Cosign's form of signatures (github.com/sigstore/cosign, specs/SIGNATURE_SPEC.md): a payload that names a digest, and the
 * signature of its bytes as an annotation.
 */
export const cosign = {
  payloadType: 'application/vnd.dev.cosign.simplesigning.v1+json',
  signature: 'dev.cosignproject.cosign/signature',
  artifactType: 'application/vnd.dev.cosign.artifact.sig.v1+json',
} as const;

/** Signatures of the models' layers, in the same form. */
export const MODEL_SIGNATURES = 'application/vnd.edgewright.model.signatures.v1+json';

/** Signs a digest. @param reference the image's name, for whoever reads the payload */
export function signDigest(key: KeyObject, digest: string, reference: string): ArtifactDocument {
  const content = Buffer.from(
    JSON.stringify({
      critical: {
        identity: { 'docker-reference': reference },
        image: { 'docker-manifest-digest': digest },
        type: 'cosign container image signature',
      },
      optional: null,
    }),
  );
  return { mediaType: cosign.payloadType, content, annotations: { [cosign.signature]: signBytes(key, content) } };
}

/** Whether a document is a signature of a digest by a key. */
export function isSigned(key: KeyObject, digest: string, document: ArtifactDocument): boolean {
  const signature = document.annotations?.[cosign.signature];
  if (document.mediaType !== cosign.payloadType || signature === undefined) return false;
  return isSignature(key, document.content, signature) && digestIn(document.content) === digest;
}

/** Signatures as an artifact; its configuration is the one that cosign gives it. */
export function signatureArtifact(artifactType: string, documents: readonly ArtifactDocument[]): NewArtifact {
  const time = '0001-01-01T00:00:00Z';
  const diffIds = documents.map(({ content }) => `sha256:${createHash('sha256').update(content).digest('hex')}`);
  const config = {
    architecture: '',
    created: time,
    history: documents.map(() => ({ created: time })),
    os: '',
    rootfs: { type: 'layers', diff_ids: diffIds },
    config: {},
  };
  return {
    artifactType,
    documents,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', content: Buffer.from(JSON.stringify(config)) },
  };
}

/** The digest that a payload names; undefined when it is none. */
export function digestIn(payload: Uint8Array): string | undefined {
  try {
    const document = JSON.parse(Buffer.from(payload).toString('utf8')) as {
      critical?: { image?: { 'docker-manifest-digest'?: string } };
    };
    return document.critical?.image?.['docker-manifest-digest'];
  } catch {
    return undefined;
  }
}

import { createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/**
 * Reads the key that models must be signed with: Ed25519 or ECDSA P-256, PEM.
 *
 * @returns undefined when it is neither
 */
export function readModelKey(pem: string): KeyObject | undefined {
  try {
    const key = createPublicKey(pem);
    const isCurve = key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
    return isCurve || key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether a signature is the key's over the 32 bytes of a SHA-256: Ed25519 (RFC 8032), or ECDSA with SHA-256 in DER.
 *
 * @param sha256 in hexadecimal
 * @param signature in Base64
 */
export function isSignedBy(key: KeyObject, sha256: string, signature: string): boolean {
  const digest = Buffer.from(sha256, 'hex');
  const algorithm = key.asymmetricKeyType === 'ec' ? 'sha256' : null;
  return verify(algorithm, digest, key, Buffer.from(signature, 'base64'));
}

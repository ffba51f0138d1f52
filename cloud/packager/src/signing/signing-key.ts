import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { messageOf } from '@edgewright/contract';
import { PackagerError } from '../packager-error.ts';

/** A pair of keys as PEM: PKCS #8 and SubjectPublicKeyInfo, what openssl and cosign read. */
export interface KeyPairText {
  readonly privateKey: string;
  readonly publicKey: string;
}

/**
 * Makes an ECDSA P-256 key, the kind that cosign makes.
 *
 * @param passphrase encrypts the private key (AES-256-CBC, PBES2)
 */
export function createKeyPair(passphrase?: string): KeyPairText {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const secret = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem', ...secret }) as string,
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }) as string,
  };
}

/** @throws PackagerError `KeyInvalid` */
export function readPrivateKey(pem: string, passphrase?: string): KeyObject {
  try {
    const key = createPrivateKey({ key: pem, ...(passphrase === undefined ? {} : { passphrase }) });
    if (isP256(key)) return key;
  } catch (cause) {
    const reason = pem.includes('ENCRYPTED')
      ? `it is encrypted, and the passphrase is ${passphrase === undefined ? 'not given' : 'not the right one'}`
      : messageOf(cause);
    throw invalid(`cannot read the private key: ${reason}`, cause);
  }
  throw invalid('cannot sign with this key: expected an ECDSA key on the curve P-256');
}

/** @param pem a public key, or a private one, from which the public one follows. @throws PackagerError `KeyInvalid` */
export function readPublicKey(pem: string): KeyObject {
  try {
    const key = createPublicKey(pem);
    if (isP256(key)) return key;
  } catch (cause) {
    throw invalid(`cannot read the public key: ${messageOf(cause)}`, cause);
  }
  throw invalid('cannot check with this key: expected an ECDSA key on the curve P-256');
}

/** ECDSA with SHA-256, in DER and then Base64: as `openssl dgst -sha256 -sign` and cosign write it. */
export function signBytes(key: KeyObject, bytes: Uint8Array): string {
  return sign('sha256', bytes, key).toString('base64');
}

export function isSignature(key: KeyObject, bytes: Uint8Array, signature: string): boolean {
  return verify('sha256', bytes, key, Buffer.from(signature, 'base64'));
}

/** SHA-256 of the public key in DER: what tells keys apart. */
export function keyId(key: KeyObject): string {
  const spki = (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' });
  return `sha256:${createHash('sha256').update(spki).digest('hex')}`;
}

function isP256(key: KeyObject): boolean {
  return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
}

function invalid(message: string, cause?: unknown): PackagerError {
  return new PackagerError('KeyInvalid', message, cause === undefined ? {} : { cause });
}

import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isSignedBy, readModelKey } from './model-signature.ts';

const digest = createHash('sha256').update('a model').digest();
const spki = { type: 'spki', format: 'pem' } as const;

describe.each([
  ['Ed25519', generateKeyPairSync('ed25519'), null],
  ['ECDSA P-256', generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'sha256'],
] as const)('%s', (_, { publicKey, privateKey }, algorithm) => {
  const key = readModelKey(String(publicKey.export(spki)));
  const signature = sign(algorithm, digest, privateKey);

  it('takes the signature of the digest, and no other', () => {
    expect(key).toBeDefined();
    const isSigned = (bytes: Buffer, of = digest): boolean =>
      key !== undefined && isSignedBy(key, of.toString('hex'), bytes.toString('base64'));
    expect(isSigned(signature)).toBe(true);
    expect(isSigned(signature, createHash('sha256').update('another').digest())).toBe(false);
    expect(isSigned(Buffer.alloc(64))).toBe(false);
    expect(isSigned(Buffer.from('x'))).toBe(false);
  });
});

it.each([
  ['RSA', () => generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export(spki)],
  ['P-384', () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export(spki)],
  ['no key', () => 'nothing'],
])('reads no key of another kind: %s', (_, pem) => {
  expect(readModelKey(String(pem()))).toBeUndefined();
});

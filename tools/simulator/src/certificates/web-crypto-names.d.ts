import type { webcrypto } from 'node:crypto';

// The declarations of @peculiar/x509 use the browser's global names for Web Crypto. Node.js has the same types in a
// namespace; the whole DOM library would bring thousands of names that do not exist here.
declare global {
  type BufferSource = ArrayBufferView | ArrayBuffer;
  type Algorithm = webcrypto.Algorithm;
  type AlgorithmIdentifier = webcrypto.AlgorithmIdentifier;
  type Crypto = webcrypto.Crypto;
  type CryptoKey = webcrypto.CryptoKey;
  type CryptoKeyPair = webcrypto.CryptoKeyPair;
  type EcKeyGenParams = webcrypto.EcKeyGenParams;
  type EcKeyImportParams = webcrypto.EcKeyImportParams;
  type EcdsaParams = webcrypto.EcdsaParams;
  type KeyUsage = webcrypto.KeyUsage;
  type RsaHashedImportParams = webcrypto.RsaHashedImportParams;
}

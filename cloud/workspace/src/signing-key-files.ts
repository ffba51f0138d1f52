import { writeFile } from 'node:fs/promises';
import { messageOf } from '@edgewright/contract';
import { WorkspaceError } from './workspace-error.ts';

/** A key that signs, and the one that checks. */
export interface SigningKeyFiles {
  /** Readable by its owner alone. */
  readonly privateKeyFile: string;
  readonly publicKeyFile: string;
}

/**
 * Makes an ECDSA P-256 key: `PREFIX.key` and `PREFIX.pub`, PEM.
 *
 * @param passphrase encrypts the private key
 * @throws WorkspaceError `KeyNotWritten`, also when a file of that name is there: a key that is lost cannot be made again
 */
export async function createSigningKey(prefix: string, passphrase?: string): Promise<SigningKeyFiles> {
  const { createKeyPair } = await import('@edgewright/packager');
  const { privateKey, publicKey } = createKeyPair(passphrase);
  const files = { privateKeyFile: `${prefix}.key`, publicKeyFile: `${prefix}.pub` };
  try {
    await writeFile(files.privateKeyFile, privateKey, { flag: 'wx', mode: 0o600 });
    await writeFile(files.publicKeyFile, publicKey, { flag: 'wx' });
  } catch (cause) {
    throw new WorkspaceError('KeyNotWritten', `cannot write the key "${prefix}": ${messageOf(cause)}`, {
      details: { ...files },
      cause,
    });
  }
  return files;
}

import { readFile } from 'node:fs/promises';
import { messageOf } from '@edgewright/contract';
import { ScorerError } from './scorer-error.ts';

/** A secret itself, or the file that it stands in. */
export type Secret = { readonly value: string } | { readonly file: string };

/**
 * A secret from the environment, or from a file, which is read each time so that it can be renewed.
 *
 * @throws ScorerError `EnvironmentInvalid` when the file cannot be read
 */
export async function readSecret(secret: Secret): Promise<string> {
  if ('value' in secret) return secret.value;
  try {
    return (await readFile(secret.file, 'utf8')).trim();
  } catch (cause) {
    throw new ScorerError('EnvironmentInvalid', `cannot read the secret file ${secret.file}: ${messageOf(cause)}`, {
      details: { file: secret.file },
      cause,
    });
  }
}

import { readFile } from 'node:fs/promises';
import { messageOf } from '@edgewright/contract';
import { ScorerError } from './scorer-error.ts';
import type { Variables } from './whole-number.ts';

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

/** The secret that a variable holds, or the variable `NAME_FILE` names. */
export function secretOf(variables: Variables, name: string): Secret | undefined {
  const value = variables[name];
  const file = variables[`${name}_FILE`];
  if (value) return { value };
  return file ? { file } : undefined;
}

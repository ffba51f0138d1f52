import { readFileSync } from 'node:fs';
import { messageOf } from '@edgewright/contract';
import { collectionOf } from './config/collection-rules.ts';
import type { DeploymentSettings } from './config/complete-deployment-config.ts';
import { DeployersError } from './deployers-error.ts';

/** The variables of secrets, as the scorer has them; with `_FILE` at the end they name a file. */
export const collectionSecrets = {
  credential: 'EDGEWRIGHT_COLLECT_CREDENTIAL',
  hashKey: 'EDGEWRIGHT_COLLECT_HASH_KEY',
} as const;

/** The secrets of a collection; absent where there are none. */
export type CollectionSecrets = { readonly [Name in keyof typeof collectionSecrets]?: string };

/**
 * The variables of the scorer that say what it collects.
 *
 * @param folder where data go that have no other place; undefined where a service has no folder that outlives it
 */
export function collectionVariables(settings: DeploymentSettings, folder: string | undefined): Record<string, string> {
  const collection = collectionOf(settings);
  if (collection === undefined) return {};
  const { credentialFile, hashKeyFile: _secret, enabled = true, ...rest } = collection;
  if (!enabled) return { AML_MODEL_DC_STORAGE_ENABLED: 'false' };
  const hasPlace = rest.container !== undefined || rest.folder !== undefined || credentialFile !== undefined;
  const place = hasPlace || folder === undefined ? {} : { folder };
  return { AML_MODEL_DC_STORAGE_ENABLED: 'true', EDGEWRIGHT_COLLECTION: JSON.stringify({ ...rest, ...place }) };
}

/** Where the secrets of a collection stand on this machine. */
export function collectionSecretFiles(settings: DeploymentSettings): CollectionSecrets {
  const { credentialFile, hashKeyFile, enabled } = collectionOf(settings) ?? { enabled: false };
  if (enabled === false) return {};
  return {
    ...(credentialFile === undefined ? {} : { credential: credentialFile }),
    ...(hashKeyFile === undefined ? {} : { hashKey: hashKeyFile }),
  };
}

/**
 * The secrets themselves, for a target that cannot read this machine's files.
 *
 * @throws DeployersError `DeploymentConfigInvalid` for a file that cannot be read
 */
export function readCollectionSecrets(settings: DeploymentSettings): CollectionSecrets {
  const files = Object.entries(collectionSecretFiles(settings));
  return Object.fromEntries(files.map(([name, file]) => [name, readSecretFile(file)]));
}

function readSecretFile(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new DeployersError(
      'DeploymentConfigInvalid',
      `cannot read the secret file "${file}" of collectModelData: ${messageOf(cause)}`,
      { details: { file }, cause },
    );
  }
}

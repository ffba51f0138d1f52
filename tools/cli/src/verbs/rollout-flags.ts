import type { Command } from 'commander';
import type { RolloutPlace } from '@edgewright/workspace';
import type { Invocation } from '../invocation.ts';

/** The flag that says where the state of rollouts is. */
export interface PlaceFlags {
  readonly store?: string;
}

export function withPlaceFlag(command: Command): Command {
  return command.option(
    '--store <url>',
    'keep the state in Azure Blob storage, https://ACCOUNT.blob.core.windows.net/CONTAINER with a SAS, AZURE_STORAGE_CONNECTION_STRING or Entra ID; default: a file in the workspace',
  );
}

export function placeOf({ store }: PlaceFlags, { context: { environment } }: Invocation): RolloutPlace {
  if (store === undefined) return {};
  const storageConnectionString = environment['AZURE_STORAGE_CONNECTION_STRING'];
  return { containerUrl: store, ...(storageConnectionString === undefined ? {} : { storageConnectionString }) };
}

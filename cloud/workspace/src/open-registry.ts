import path from 'node:path';
import type { AzureBlobAccess, ModelRegistry } from '@edgewright/models';
import type { RegistryOptions } from '@edgewright/packager';
import { thisProcess } from './this-process.ts';

export interface OpenRegistryOptions {
  /** A folder, `azblob://ACCOUNT/CONTAINER` or `oci://HOST/REPOSITORY`. */
  readonly place: string;
  /** A folder for files of models in use on this machine, for a registry that is elsewhere. */
  readonly cacheDirectory: string;
  /** How to reach a container registry; credentials come from Docker's own file unless they are given. */
  readonly containerRegistry?: RegistryOptions;
}

/**
 * Opens the model registry at a place.
 *
 * @throws ModelsError `RegistryPlaceInvalid`, `RegistryUnusable` · PackagerError `ImageInputInvalid`, `RegistryRefused`
 */
export async function openRegistry(options: OpenRegistryOptions): Promise<ModelRegistry> {
  const { openAzureRegistry, openModelRegistry, openOciRegistry, parseRegistryPlace } =
    await import('@edgewright/models');
  const place = parseRegistryPlace(options.place);
  const cacheDirectory = path.join(options.cacheDirectory, 'models');
  if (place.kind === 'folder') return await openModelRegistry(place.directory);
  if (place.kind === 'azblob')
    return await openAzureRegistry({ ...place, cacheDirectory, access: await azureAccess() });
  const { RegistryRepository } = await import('@edgewright/packager');
  const repository = await RegistryRepository.open(place.name, {
    dockerConfigFile: thisProcess().dockerConfigFile,
    ...(place.plainHttp ? { plainHttp: true } : {}),
    ...options.containerRegistry,
  });
  return await openOciRegistry({ repository, cacheDirectory });
}

/** The variables of Azure's own command line; without them Entra ID, as this machine is logged in. */
async function azureAccess(): Promise<AzureBlobAccess> {
  const { variable } = thisProcess();
  const given = (name: string): string | undefined => variable(name) || undefined;
  const access = {
    connectionString: given('AZURE_STORAGE_CONNECTION_STRING'),
    sasToken: given('AZURE_STORAGE_SAS_TOKEN'),
    accountKey: given('AZURE_STORAGE_KEY'),
    endpoint: given('AZURE_STORAGE_SERVICE_ENDPOINT'),
  };
  const { connectionString, sasToken, accountKey } = access;
  if (connectionString !== undefined || sasToken !== undefined || accountKey !== undefined) return access;
  const { DefaultAzureCredential } = await import('@azure/identity');
  return { ...access, credential: new DefaultAzureCredential() };
}

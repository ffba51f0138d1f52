import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { EventSink } from '@edgewright/contract';
import type { AzureCluster, ManagedClusters } from '@edgewright/deployers';
import type { WorkspaceFolders } from './workspace-folders.ts';

/** Reaches the AKS clusters of a resource group, as whoever `@azure/identity` finds logged in. */
export async function openManagedClusters(
  place: Pick<AzureCluster, 'subscriptionId' | 'resourceGroup'> & { readonly endpoint?: string | undefined },
  events: EventSink,
): Promise<ManagedClusters> {
  const [{ ManagedClusters: Clusters }, { DefaultAzureCredential }] = await Promise.all([
    import('@edgewright/deployers'),
    import('@azure/identity'),
  ]);
  return new Clusters({ ...place, credential: new DefaultAzureCredential(), events });
}

/**
 * Keeps a kubeconfig in the workspace, where only its owner may read it.
 *
 * @returns its path
 */
export async function keepKubeconfig(name: string, text: string, { services }: WorkspaceFolders): Promise<string> {
  const directory = path.join(services, 'clusters');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = path.join(directory, `${name}.kubeconfig`);
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return file;
}

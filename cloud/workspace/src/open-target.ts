import path from 'node:path';
import type { AzureTarget, ComputeTarget, DeploymentSettings, ServiceStore, Target } from '@edgewright/deployers';
import { thisProcess } from './this-process.ts';
import { WorkspaceError } from './workspace-error.ts';
import type { WorkspaceFolders } from './workspace-folders.ts';

/** Where local services are kept. */
export function localDirectory({ services }: WorkspaceFolders): string {
  return path.join(services, 'local');
}

const READY_TIMEOUT_MS = 5000;

/**
 * The target of a service.
 *
 * @param computeTarget the name of the compute target, where there can be several
 * @throws WorkspaceError `ComputeTargetMissing` · DeployersError `ComputeTargetNotFound`, `ClusterUnusable`
 */
export async function openTarget(
  computeType: DeploymentSettings['computeType'],
  computeTarget: string | undefined,
  { folders, store }: { readonly folders: WorkspaceFolders; readonly store: ServiceStore },
): Promise<Target> {
  const { AksTarget, LocalTarget } = await import('@edgewright/deployers');
  if (computeType === 'local') {
    const { nodePath, environment, engineEnvironment } = thisProcess();
    return new LocalTarget({ directory: localDirectory(folders), nodePath, environment, engineEnvironment });
  }
  const found = requireTarget(computeType, computeTarget, store);
  if (found.computeType === 'ACI') return await openAzure(found);
  return new AksTarget({ kubeconfig: found.kubeconfig, context: found.context });
}

function requireTarget(computeType: 'aks' | 'ACI', name: string | undefined, store: ServiceStore): ComputeTarget {
  const known = store.listTargets().flatMap((target) => (target.computeType === computeType ? [target.name] : []));
  const there = known.length === 0 ? 'none is attached' : `there are ${known.join(', ')}`;
  if (name === undefined) {
    const message = `cannot deploy to ${computeType}: it is not said to which compute target; ${there}`;
    throw new WorkspaceError('ComputeTargetMissing', message, { details: { computeType, known } });
  }
  const found = store.getTarget(name);
  if (found.computeType === computeType) return found;
  const message = `cannot deploy to ${computeType}: the compute target ${name} is for ${found.computeType}; of ${computeType} ${there}`;
  throw new WorkspaceError('ComputeTargetMissing', message, { details: { computeType, name, known } });
}

async function openAzure({
  subscriptionId,
  resourceGroup,
  location,
  identity,
  endpoint,
}: AzureTarget): Promise<Target> {
  const [{ AciTarget }, { DefaultAzureCredential }] = await Promise.all([
    import('@edgewright/deployers'),
    import('@azure/identity'),
  ]);
  return new AciTarget({
    subscriptionId,
    resourceGroup,
    location,
    identity,
    endpoint,
    credential: new DefaultAzureCredential(),
    isReady: async (url) =>
      await fetch(url, { signal: AbortSignal.timeout(READY_TIMEOUT_MS) }).then(
        ({ ok }) => ok,
        () => false,
      ),
  });
}

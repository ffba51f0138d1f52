import path from 'node:path';
import type { DeploymentSettings, ServiceStore, Target } from '@edgewright/deployers';
import { thisProcess } from './this-process.ts';
import { WorkspaceError } from './workspace-error.ts';
import type { WorkspaceFolders } from './workspace-folders.ts';

/**
 * The target of a service.
 *
 * @param computeTarget the name of the compute target, where there can be several
 * @throws WorkspaceError `TargetNotOffered`, `ComputeTargetMissing` · DeployersError `ComputeTargetNotFound`,
 *   `ClusterUnusable`
 */
export async function openTarget(
  computeType: DeploymentSettings['computeType'],
  computeTarget: string | undefined,
  { folders, store }: { readonly folders: WorkspaceFolders; readonly store: ServiceStore },
): Promise<Target> {
  const { AksTarget, LocalTarget } = await import('@edgewright/deployers');
  if (computeType === 'local') {
    const { nodePath, environment } = thisProcess();
    return new LocalTarget({ directory: path.join(folders.services, 'local'), nodePath, environment });
  }
  if (computeType === 'ACI') {
    throw new WorkspaceError('TargetNotOffered', 'cannot deploy to ACI; there are local and aks', {
      details: { computeType },
    });
  }
  if (computeTarget === undefined) {
    const known = store.listTargets().map(({ name }) => name);
    throw new WorkspaceError(
      'ComputeTargetMissing',
      `cannot deploy to aks: it is not said to which cluster; ${known.length === 0 ? 'none is attached' : `there are ${known.join(', ')}`}`,
      { details: { known } },
    );
  }
  const { kubeconfig, context } = store.getTarget(computeTarget);
  return new AksTarget({ kubeconfig, context });
}

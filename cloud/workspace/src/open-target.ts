import path from 'node:path';
import type { DeploymentSettings, Target } from '@edgewright/deployers';
import { thisProcess } from './this-process.ts';
import type { WorkspaceFolders } from './workspace-folders.ts';
import { WorkspaceError } from './workspace-error.ts';

/**
 * The target of a compute type, for this workspace.
 *
 * @throws WorkspaceError `TargetNotOffered`
 */
export async function openTarget(
  computeType: DeploymentSettings['computeType'],
  folders: WorkspaceFolders,
): Promise<Target> {
  const { LocalTarget } = await import('@edgewright/deployers');
  const { nodePath, environment } = thisProcess();
  if (computeType === 'local') {
    return new LocalTarget({ directory: path.join(folders.services, 'local'), nodePath, environment });
  }
  throw new WorkspaceError('TargetNotOffered', `cannot deploy to ${computeType} yet; there is local`, {
    details: { computeType },
  });
}

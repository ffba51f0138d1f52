import type { BatchEngine, ClusterTarget } from '@edgewright/deployers';
import type { PreparedBatch } from './batch-input.ts';
import { thisProcess } from './this-process.ts';
import { WorkspaceError } from './workspace-error.ts';
import type { WorkspaceFolders } from './workspace-folders.ts';
import type { WorkspaceImages } from './workspace-images.ts';

/**
 * The engine for batch jobs on a cluster that was attached.
 *
 * @throws WorkspaceError `ComputeTargetMissing` · DeployersError `ComputeTargetNotFound`, `ClusterUnusable`
 */
export async function openBatchCluster(computeTarget: string, folders: WorkspaceFolders): Promise<BatchEngine> {
  const [{ KubeCluster, KubernetesBatchEngine }, { openPlace }] = await Promise.all([
    import('@edgewright/deployers'),
    import('@edgewright/batch'),
  ]);
  const { kubeconfig, context } = await clusterOf(computeTarget, folders);
  const { variable } = thisProcess();
  const access = {
    connectionString: variable('AZURE_STORAGE_CONNECTION_STRING'),
    sasToken: variable('AZURE_STORAGE_SAS_TOKEN'),
    accountKey: variable('AZURE_STORAGE_KEY'),
  };
  return new KubernetesBatchEngine({
    cluster: new KubeCluster({ kubeconfig, context }),
    openPlace: async (place) => await openPlace(place, access),
  });
}

/** The reference under which the image of a job would be pushed. */
export async function batchImageTag(
  { job, computeTarget = '' }: PreparedBatch,
  folders: WorkspaceFolders,
): Promise<string> {
  const { registry } = await clusterOf(computeTarget, folders);
  if (registry !== undefined) return `${registry}/${job.name}:batch`;
  const message = `the compute target ${computeTarget} has no registry to push an image to; attach it with --registry, or give --image`;
  throw new WorkspaceError('ComputeTargetMissing', message, { details: { name: computeTarget } });
}

/**
 * Builds the image of a job and pushes it.
 *
 * @returns its reference, by its digest
 */
export async function pushBatchImage(
  prepared: PreparedBatch,
  { images, folders }: { readonly images: WorkspaceImages; readonly folders: WorkspaceFolders },
): Promise<string> {
  const tag = await batchImageTag(prepared, folders);
  await images.build({
    models: prepared.models,
    tag,
    inferenceConfig: prepared.inference,
    configDirectory: prepared.inferenceDirectory,
  });
  const { reference, digest } = await images.push({ image: tag });
  return reference.includes('@') ? reference : `${reference}@${digest}`;
}

async function clusterOf(name: string, folders: WorkspaceFolders): Promise<ClusterTarget> {
  const { ServiceStore } = await import('@edgewright/deployers');
  using store = new ServiceStore(folders.services);
  const found = store.getTarget(name);
  if (found.computeType === 'aks') return found;
  const message = `batch jobs run on this machine or on a cluster, and the compute target ${name} is for ${found.computeType}`;
  throw new WorkspaceError('ComputeTargetMissing', message, { details: { name } });
}

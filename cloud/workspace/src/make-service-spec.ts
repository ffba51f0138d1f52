import path from 'node:path';
import type { DeploymentSettings, ServiceSpec, ServiceStore } from '@edgewright/deployers';
import { appFoldersOf } from './app-folders.ts';
import type { DeployInput } from './deploy-input.ts';
import { localDirectory } from './open-target.ts';
import { prepareArtifact } from './prepare-artifact.ts';
import { thisProcess } from './this-process.ts';
import type { WorkspaceFolders } from './workspace-folders.ts';
import type { WorkspaceImages } from './workspace-images.ts';
import type { WorkspaceModels } from './workspace-models.ts';

/** What the making of a specification needs of a workspace. */
export interface SpecParts {
  readonly store: ServiceStore;
  readonly folders: WorkspaceFolders;
  readonly models: WorkspaceModels;
  readonly images: WorkspaceImages;
}

export type SpecInput = DeployInput & { readonly settings: DeploymentSettings; readonly isDry: boolean };

/**
 * Makes what runs, and says how it is to run: the next revision of a service.
 *
 * @param former the service that it follows
 */
export async function makeServiceSpec(
  input: SpecInput,
  former: { readonly spec: ServiceSpec } | undefined,
  { store, folders, models, images }: SpecParts,
): Promise<{ spec: ServiceSpec; inferenceConfig: string | undefined }> {
  const { makeCredentials } = await import('@edgewright/deployers');
  const { settings, name, isDry } = input;
  const named = input.computeTarget ?? (settings.computeType === 'aks' ? settings.computeTargetName : undefined);
  const computeTarget = settings.computeType === 'local' ? undefined : (named ?? former?.spec.computeTarget);
  const apps = appFoldersOf(name, folders);
  const revision = (await apps.lastRevision(former?.spec.revision)) + 1;
  const prepared = await prepareArtifact(input, {
    models,
    images,
    revision,
    computeTarget: computeTarget === undefined ? undefined : store.getTarget(computeTarget),
    directory: apps.directoryOf(revision),
    servicesDirectory: localDirectory(folders),
    isDry,
    former: former?.spec,
  });
  const credentials = await makeCredentials(
    settings,
    former?.spec.credentials,
    thisProcess().variable('APPLICATIONINSIGHTS_CONNECTION_STRING'),
  );
  const place = computeTarget === undefined ? {} : { computeTarget };
  const spec: ServiceSpec = { name, revision, settings, credentials, ...place, ...prepared };
  const inferenceConfig = input.inferenceConfig === undefined ? undefined : path.resolve(input.inferenceConfig);
  return { spec, inferenceConfig };
}

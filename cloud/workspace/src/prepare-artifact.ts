import path from 'node:path';
import { InferenceConfigSchema } from '@edgewright/contract';
import type { Model } from '@edgewright/contract';
import type { ServiceSpec } from '@edgewright/deployers';
import type { DeployInput } from './deploy-input.ts';
import { freePort } from './free-port.ts';
import { readDocument } from './read-document.ts';
import type { DeploymentSettings } from '@edgewright/deployers';
import type { WorkspaceModels } from './workspace-models.ts';

/** What makes an artifact. */
export interface PrepareParts {
  readonly models: WorkspaceModels;
  /** Where an app root would be laid out. */
  readonly directory: string;
  /** Only names what would be made. */
  readonly isDry: boolean;
  readonly former: ServiceSpec | undefined;
}

/** Makes what a target runs: for `local` an app root of this machine, at a port that stays for the life of the service. */
export async function prepareArtifact(
  input: DeployInput & { readonly settings: DeploymentSettings },
  { models, directory, isDry, former }: PrepareParts,
): Promise<Pick<ServiceSpec, 'artifact' | 'models' | 'port'>> {
  const found: Model[] = [];
  for (const reference of input.models) found.push(await models.show(reference));
  const ids = found.map(({ id }) => id);
  const { settings } = input;
  const port = (settings.computeType === 'local' ? settings.port : undefined) ?? former?.port ?? (await freePort());
  if (isDry) return { artifact: directory, models: ids, port };
  const [config, packaged, { layOutApp }] = await Promise.all([
    input.inferenceConfig === undefined
      ? {}
      : readDocument(InferenceConfigSchema, input.inferenceConfig, 'the inference configuration'),
    Promise.all(found.map(async (model) => ({ model, directory: await models.directoryOf(model) }))),
    import('@edgewright/packager'),
  ]);
  const app = await layOutApp({
    models: packaged,
    config,
    configDirectory: path.dirname(path.resolve(input.inferenceConfig ?? '.')),
    directory,
  });
  return { artifact: app.directory, models: ids, port };
}

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { InferenceConfigSchema } from '@edgewright/contract';
import type { Model } from '@edgewright/contract';
import type { ComputeTarget, DeploymentSettings, ServiceSpec } from '@edgewright/deployers';
import type { DeployInput } from './deploy-input.ts';
import { freePort } from './free-port.ts';
import { loadIntoEngine, requireBaseImage } from './load-into-engine.ts';
import { readDocument } from './read-document.ts';
import { WorkspaceError } from './workspace-error.ts';
import type { WorkspaceImages } from './workspace-images.ts';
import type { WorkspaceModels } from './workspace-models.ts';

/** What makes an artifact. */
export interface PrepareParts {
  readonly models: WorkspaceModels;
  readonly images: WorkspaceImages;
  /** Where an app root would be laid out. */
  readonly directory: string;
  readonly revision: number;
  /** Only names what would be made. */
  readonly isDry: boolean;
  readonly former: ServiceSpec | undefined;
  readonly computeTarget: ComputeTarget | undefined;
  /** Holds what local services are. */
  readonly servicesDirectory: string;
}

type Artifact = Pick<ServiceSpec, 'artifact' | 'models' | 'port'>;
type Input = DeployInput & { readonly settings: DeploymentSettings };

/** Makes what a target runs: an app root of this machine for `local`, an image in a registry for the others. */
export async function prepareArtifact(input: Input, parts: PrepareParts): Promise<Artifact> {
  const found: Model[] = [];
  for (const reference of input.models) found.push(await parts.models.show(reference));
  const { settings } = input;
  if (settings.computeType !== 'local') return await pushed(input, found, parts);
  const port = settings.port ?? parts.former?.port ?? (await freePort());
  const made = settings.container ? await loaded(input, found, parts) : await layOut(input, found, parts);
  return { ...made, models: found.map(({ id }) => id), port };
}

async function layOut(input: Input, found: readonly Model[], parts: PrepareParts): Promise<{ artifact: string }> {
  const { models, directory, isDry } = parts;
  const { inferenceConfig } = input;
  if (isDry) return { artifact: directory };
  const [config, packaged, { layOutApp }] = await Promise.all([
    inferenceConfig === undefined
      ? {}
      : readDocument(InferenceConfigSchema, inferenceConfig, 'the inference configuration'),
    Promise.all(found.map(async (model) => ({ model, directory: await models.directoryOf(model) }))),
    import('@edgewright/packager'),
  ]);
  const configDirectory = inferenceConfig === undefined ? '.' : path.dirname(path.resolve(inferenceConfig));
  const app = await layOutApp({ models: packaged, config, configDirectory, directory });
  return { artifact: app.directory };
}

/** An image in this machine's Docker Engine. */
async function loaded(input: Input, found: readonly Model[], parts: PrepareParts): Promise<{ artifact: string }> {
  const { images, isDry, revision, servicesDirectory, directory } = parts;
  const { ContainerEngine, imageRepository } = await import('@edgewright/deployers');
  const tag = `${imageRepository(servicesDirectory, input.name)}:${revision}`;
  if (input.image === undefined) await requireBaseImage(input.inferenceConfig);
  if (isDry) return { artifact: input.image ?? tag };
  // before anything is built
  const engine = await ContainerEngine.open();
  // its number is taken from now on, also when the revision fails: the host does not try a revision again that failed
  await mkdir(directory, { recursive: true });
  if (input.image !== undefined) {
    if (await engine.hasImage(input.image)) return { artifact: input.image };
    const message = `cannot run the image "${input.image}": the Docker Engine does not have it; pull it first, or leave --image out`;
    throw new WorkspaceError('EngineImageMissing', message, { details: { image: input.image } });
  }
  await loadIntoEngine({ ...input, models: found.map(({ id }) => id) }, { images, tag });
  return { artifact: tag };
}

async function pushed(input: Input, found: readonly Model[], parts: PrepareParts): Promise<Artifact> {
  const models = found.map(({ id }) => id);
  if (input.image !== undefined) return { artifact: input.image, models };
  const { computeTarget, images, isDry, revision } = parts;
  if (computeTarget?.registry === undefined) {
    throw new WorkspaceError(
      'ComputeTargetMissing',
      `the compute target ${computeTarget?.name ?? ''} has no registry to push an image to; attach it with --registry, or give an image`,
    );
  }
  const tag = `${computeTarget.registry}/${input.name}:${revision}`;
  if (isDry) return { artifact: tag, models };
  await images.build({
    models,
    tag,
    ...(input.inferenceConfig === undefined ? {} : { inferenceConfig: input.inferenceConfig }),
    ...(input.signal === undefined ? {} : { signal: input.signal }),
  });
  const { reference, digest } = await images.push({ image: tag });
  // by its digest, so that what was deployed is what runs, whatever becomes of the tag
  return { artifact: reference.includes('@') ? reference : `${reference}@${digest}`, models };
}

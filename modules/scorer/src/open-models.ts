import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { imagePaths, messageOf } from '@edgewright/contract';
import type { DriftBaseline, ScoringConfig } from '@edgewright/contract';
import { readBaseline } from '@edgewright/drift';
import { ModelSlot, readModelKey } from '@edgewright/edge';
import type { ModelSlotOptions } from '@edgewright/edge';
import type { SwapOptions } from '@edgewright/engine';
import type { Logger } from '@edgewright/telemetry';
import type { ScorerEnvironment } from './scorer-environment.ts';
import { readSecret } from './read-secret.ts';
import { ScorerError } from './scorer-error.ts';

/**
 * The models to score with: those of the image, of which on an edge device one may have been replaced by a model that was
 * fetched.
 *
 * @param image what an engine for the models of the image is made of
 * @throws ScorerError `EnvironmentInvalid` for a key that cannot be used; EdgeError `ModelStoreUnusable`
 */
export async function openModels(
  config: ScoringConfig,
  image: SwapOptions,
  { environment, logger }: { readonly environment: ScorerEnvironment; readonly logger: Logger },
): Promise<ModelSlot> {
  const { stateDirectory, edge, modelKeyFile, registryCredentials } = environment;
  return ModelSlot.open({
    image: { swap: image, digests: new Map(config.models.map(({ name, sha256 }) => [name, sha256])) },
    stateDirectory: edge === undefined ? undefined : stateDirectory,
    publicKey: modelKeyFile === undefined ? undefined : await readKey(modelKeyFile),
    registryCredentials: registryCredentials === undefined ? undefined : async () => readSecret(registryCredentials),
    logger,
  });
}

/** Where the models of the image are. */
export function imageModels(
  { models }: ScoringConfig,
  { appRoot, modelDirectory }: ScorerEnvironment,
): Pick<SwapOptions, 'models' | 'modelDirectory'> {
  // Azure ML's rule for AZUREML_MODEL_DIR: the folder of the one model's version, or the folder of all models
  const [only, ...others] = models;
  const folder = only === undefined || others.length > 0 ? imagePaths.models : only.directory;
  return {
    models: models.map(({ name, version, directory, file, format }) => ({
      name,
      version,
      path: path.join(appRoot, directory, file),
      format,
    })),
    modelDirectory: modelDirectory ?? path.join(appRoot, folder),
  };
}

/** The baseline of a model: of the image, or of one that was fetched. */
export async function baselineOf(
  { name, version }: { readonly name: string; readonly version: number },
  { config, models, appRoot }: { readonly config: ScoringConfig; readonly models: ModelSlot; readonly appRoot: string },
): Promise<DriftBaseline | undefined> {
  const { active, store } = models;
  if (store !== undefined && active?.name === name && active.version === version) {
    return await readBaseline(path.dirname(store.fileOf(active)));
  }
  const model = config.models.find((each) => each.name === name && each.version === version);
  return model === undefined ? undefined : await readBaseline(path.join(appRoot, model.directory));
}

async function readKey(file: string): Promise<NonNullable<ModelSlotOptions['publicKey']>> {
  const pem = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw keyUnusable(file, messageOf(cause));
  });
  const key = readModelKey(pem);
  if (key === undefined) throw keyUnusable(file, 'it holds no public key of Ed25519 or ECDSA P-256 in PEM');
  return key;
}

function keyUnusable(file: string, reason: string): ScorerError {
  return new ScorerError(
    'EnvironmentInvalid',
    `EDGEWRIGHT_MODEL_KEY_FILE is "${file}", which cannot be used: ${reason}`,
    { details: { variable: 'EDGEWRIGHT_MODEL_KEY_FILE', value: file } },
  );
}

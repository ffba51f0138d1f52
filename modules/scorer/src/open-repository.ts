import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '@edgewright/contract';
import { createEngine } from '@edgewright/engine';
import type { EngineOptions, SwapOptions } from '@edgewright/engine';
import type { Logger } from '@edgewright/telemetry';
import { ModelRepository } from '@edgewright/web';
import { listModels } from './list-models.ts';
import type { ScorerEnvironment } from './scorer-environment.ts';
import { ScorerError } from './scorer-error.ts';

/** A model that is unloaded still answers what it took: as long as a request may take by default. */
const DRAIN_MS = 60_000;

export interface OpenRepositoryOptions {
  readonly environment: ScorerEnvironment;
  /** What engines are made of beside their models. */
  readonly engine: Omit<EngineOptions, 'models' | 'modelDirectory'>;
  readonly logger: Logger;
}

/**
 * The models of the image, all of them loaded, and those of a folder beside them, for callers who load and unload them.
 *
 * @param image what an engine for the models of the image is made of
 * @throws ScorerError `EnvironmentInvalid` where models cannot be exchanged by callers; WebError `ModelLoadFailed`
 */
export async function openRepository(
  image: SwapOptions,
  { environment, engine, logger }: OpenRepositoryOptions,
): Promise<ModelRepository> {
  const folder = environment.service.modelControl?.folder;
  if (image.entryScript !== undefined) throw refused('the entry script of the image has its models from its start on');
  if (environment.edge !== undefined) throw refused('a module of edgeHub gets its models by its twin');
  if (folder !== undefined) await checkFolder(folder);
  const repository = new ModelRepository({
    list: async () => [...image.models, ...(folder === undefined ? [] : await listModels(folder))],
    start: (model) => {
      // what is declared of images and samples is so of the only model of the image
      const isOnly = image.models.length === 1 && image.models[0]?.name === model.name;
      const { images, warmUp, batching } = image;
      return createEngine({
        ...engine,
        models: [model],
        modelDirectory: path.dirname(model.path),
        limits: { drainMs: DRAIN_MS },
        ...(batching === undefined ? {} : { batching }),
        ...(images === undefined || !isOnly ? {} : { images }),
        ...(warmUp === undefined || !isOnly ? {} : { warmUp }),
      });
    },
    logger,
  });
  for (const { name } of image.models) await repository.load(name);
  return repository;
}

async function checkFolder(folder: string): Promise<void> {
  try {
    await readdir(folder);
  } catch (cause) {
    throw new ScorerError('EnvironmentInvalid', `EDGEWRIGHT_MODEL_REPOSITORY is "${folder}", which cannot be read: ${messageOf(cause)}`, {
      details: { variable: 'EDGEWRIGHT_MODEL_REPOSITORY', value: folder },
      cause,
    }); // prettier-ignore
  }
}

function refused(reason: string): ScorerError {
  return new ScorerError('EnvironmentInvalid', `EDGEWRIGHT_MODEL_CONTROL is "explicit", and ${reason}`, {
    details: { variable: 'EDGEWRIGHT_MODEL_CONTROL', reason },
  });
}

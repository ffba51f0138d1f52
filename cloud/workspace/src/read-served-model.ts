import { stat } from 'node:fs/promises';
import path from 'node:path';
import { ContractError, InferenceConfigSchema, modelFormatOf } from '@edgewright/contract';
import type { BackendChoice, ExecutionProvider, InferenceConfig } from '@edgewright/contract';
import type { DeclaredSettings, EngineModel } from '@edgewright/engine';
import { readDocument } from './read-document.ts';
import type { WorkspaceModels } from './workspace-models.ts';

/** Azure ML gives the version 0 to a model that was never registered. */
const UNREGISTERED_VERSION = 0;

/** What is said of a model that runs on this machine. */
export interface ServedModelInput {
  /** A model file, or a registered model as `NAME` or `NAME:VERSION`. */
  readonly model: string;
  readonly inferenceConfig?: string | undefined;
  readonly backend?: BackendChoice | undefined;
  readonly executionProviders?: readonly ExecutionProvider[] | undefined;
}

/** A model with everything that an engine for it is made of. */
export interface ServedModel {
  readonly model: EngineModel;
  readonly modelDirectory: string;
  readonly backend: BackendChoice;
  readonly executionProviders?: readonly ExecutionProvider[];
  readonly declared: DeclaredSettings;
  /** An absolute path. */
  readonly entryScript?: string;
}

/**
 * Finds a model and reads its inference configuration; what is given beside the configuration goes before it.
 *
 * @throws ContractError `FileNotReadable`, `InvalidReference`, `InvalidDocument` · ModelsError `ModelNotFound`
 */
export async function readServedModel(input: ServedModelInput, models: WorkspaceModels): Promise<ServedModel> {
  const { config, directory } = await readConfig(input.inferenceConfig);
  const { warmUp, batching, preprocess, postprocess, entryScript, sourceDirectory = '.' } = config;
  const samples = await warmUpOf(warmUp, directory);
  const executionProviders = input.executionProviders ?? config.executionProviders;
  return {
    ...(await resolveModel(input.model, models)),
    backend: input.backend ?? config.backend ?? 'auto',
    ...(executionProviders === undefined ? {} : { executionProviders }),
    declared: {
      ...(batching === undefined ? {} : { batching }),
      ...(preprocess === undefined ? {} : { preprocess }),
      ...(postprocess === undefined ? {} : { postprocess }),
      ...(samples === undefined ? {} : { warmUp: samples }),
    },
    ...(entryScript === undefined ? {} : { entryScript: path.resolve(directory, sourceDirectory, entryScript) }),
  };
}

async function readConfig(file: string | undefined): Promise<{ config: InferenceConfig; directory: string }> {
  if (file === undefined) return { config: {}, directory: '.' };
  const config = await readDocument(InferenceConfigSchema, file, 'the inference configuration');
  return { config, directory: path.dirname(path.resolve(file)) };
}

async function warmUpOf(file: string | undefined, directory: string): Promise<readonly unknown[] | undefined> {
  if (file === undefined) return undefined;
  const { readWarmUp } = await import('@edgewright/packager');
  return await readWarmUp(file, directory);
}

/** A file of that name wins; what cannot be a file's name or is not there is looked up in the registry. */
async function resolveModel(
  text: string,
  models: WorkspaceModels,
): Promise<{ model: EngineModel; modelDirectory: string }> {
  const file = path.resolve(text);
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() === true) {
    const model: EngineModel = {
      name: nameOf(file),
      version: UNREGISTERED_VERSION,
      path: file,
      format: modelFormatOf(file),
    };
    return { model, modelDirectory: path.dirname(file) };
  }
  if (/[\\/]/.test(text) || modelFormatOf(text) !== 'other') {
    throw new ContractError(
      'FileNotReadable',
      `cannot read the model "${text}": ${found === undefined ? 'there is no such file' : 'it is not a file'}`,
      {
        details: { path: file },
      },
    );
  }
  const registered = await models.show(text);
  const modelDirectory = await models.directoryOf(registered);
  const { name, version, format, mainFile, files } = registered;
  const main = mainFile ?? files[0]?.path ?? '';
  return { model: { name, version, format, path: path.join(modelDirectory, main) }, modelDirectory };
}

/** What a model file is called after: itself, or its folder where all such files have the same name. */
function nameOf(file: string): string {
  const { name, base, dir } = path.parse(file);
  if (modelFormatOf(file) === 'tfjs') return path.basename(dir) || name;
  return base.replace(/\.remote\.json$/i, '').replace(/\.[^.]+$/, '');
}

import { readdir } from 'node:fs/promises';
import type { Dirent } from 'node:fs';
import path from 'node:path';
import { MODEL_NAME_PATTERN, messageOf, modelFormatOf } from '@edgewright/contract';
import type { RepositoryModel } from '@edgewright/web';

/** Further models of a folder are left out, and the last one says so. */
const MAX_MODELS = 1000;
const NAME = new RegExp(MODEL_NAME_PATTERN);
/** The file that is taken where there are several. */
const MAIN_FILES = ['model.onnx', 'model.json'];

/**
 * The models of a folder that holds `NAME/VERSION/FILE`, the layout of Azure ML's `AZUREML_MODEL_DIR` and of Triton's repositories. What cannot be loaded is
 * listed with the reason.
 *
 * @throws what reading the folder itself throws
 */
export async function listModels(folder: string): Promise<RepositoryModel[]> {
  const models: RepositoryModel[] = [];
  for (const name of await subfolders(folder)) {
    if (!NAME.test(name)) continue;
    for (const version of await subfolders(path.join(folder, name)).catch(() => [])) {
      if (!/^(0|[1-9]\d{0,8})$/.test(version)) continue;
      if (models.length >= MAX_MODELS) return models;
      models.push(await modelIn(path.join(folder, name, version), name, Number(version)));
    }
  }
  return models;
}

async function modelIn(folder: string, name: string, version: number): Promise<RepositoryModel> {
  let files: string[];
  try {
    files = (await readdir(folder)).filter((file) => modelFormatOf(file) !== 'other').toSorted();
  } catch (error) {
    return { name, version, fault: messageOf(error) };
  }
  const file = MAIN_FILES.find((main) => files.includes(main)) ?? (files.length === 1 ? files[0] : undefined);
  if (file !== undefined) return { name, version, path: path.join(folder, file), format: modelFormatOf(file) };
  const found = files.length === 0 ? 'there is no model file' : `there are several model files, ${files.slice(0, 5).join(', ')}: call the one that is meant ${MAIN_FILES[0]}`; // prettier-ignore
  return { name, version, fault: found };
}

/** Links are followed: volumes of Kubernetes consist of them. */
async function subfolders(folder: string): Promise<string[]> {
  const entries: Dirent[] = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .toSorted();
}

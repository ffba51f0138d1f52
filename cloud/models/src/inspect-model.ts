import path from 'node:path';
import type { Model } from '@edgewright/contract';
import { ModelsError } from './models-error.ts';
import { readOnnxFile } from './onnx/read-onnx-model.ts';
import type { StagedFile } from './store/blob-folder.ts';

/** What the files of a model turned out to be. */
export type ModelContent = Pick<Model, 'format' | 'framework' | 'signature' | 'opsets' | 'operators' | 'mainFile'>;

/**
 * Reads the files of a model. What has the name of an ONNX file, or is said to be one, must be one.
 *
 * @param given the path that the user named, for messages
 * @throws ModelsError `ModelFileInvalid`
 */
export function inspectModel(
  given: string,
  files: readonly StagedFile[],
  framework: Model['framework'] | undefined,
): ModelContent {
  const onnxFiles = files.filter((file) => isOnnxName(file.path) || (framework === 'Onnx' && files.length === 1));
  if (onnxFiles.length === 0) {
    if (framework === 'Onnx') throw invalid(given, 'the folder holds no file whose name ends in .onnx');
    const only = files.length === 1 ? files[0] : undefined;
    return {
      format: 'other',
      framework: framework ?? 'Custom',
      ...(only === undefined ? {} : { mainFile: only.path }),
    };
  }
  const main = onnxFiles.find((file) => file.path === 'model.onnx') ?? onnxFiles[0];
  let content: ModelContent = { format: 'onnx', framework: framework ?? 'Onnx' };
  for (const file of onnxFiles) {
    const model = readOnnxFile(file.stagedAt, nameIn(given, file));
    requireExternalFiles({ given, file, files }, model.externalFiles);
    if (file !== main) continue;
    const { signature, opsets, operators } = model;
    content = { ...content, signature, opsets: { ...opsets }, operators: [...operators], mainFile: file.path };
  }
  return content;
}

function isOnnxName(name: string): boolean {
  return name.toLowerCase().endsWith('.onnx');
}

/** True when the user named the file, not a folder that holds it. */
function isFileItself(given: string, file: StagedFile): boolean {
  return path.basename(given) === file.path;
}

function nameIn(given: string, file: StagedFile): string {
  return isFileItself(given, file) ? given : path.join(given, file.path);
}

/** Weights in files of their own ("external data") are found relative to the model file, and must come with it. */
function requireExternalFiles(
  { given, file, files }: { given: string; file: StagedFile; files: readonly StagedFile[] },
  externalFiles: readonly string[],
): void {
  for (const external of externalFiles) {
    const wanted = path.posix.join(path.posix.dirname(file.path), external);
    if (files.some((other) => other.path === wanted)) continue;
    throw invalid(
      given,
      isFileItself(given, file)
        ? `its weights are in another file, "${external}"; register the folder that holds both`
        : `"${file.path}" keeps weights in "${external}", which is not in the folder`,
    );
  }
}

function invalid(given: string, reason: string): ModelsError {
  return new ModelsError('ModelFileInvalid', `cannot register "${given}": ${reason}`, {
    details: { path: given, reason },
  });
}

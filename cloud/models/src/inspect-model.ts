import { readFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf, modelFormatOf, parseRemoteModel } from '@edgewright/contract';
import type { Model, RemoteModel, RemoteTensor, TensorSpec } from '@edgewright/contract';
import { ModelsError } from './models-error.ts';
import { readOnnxFile } from './onnx/read-onnx-model.ts';
import type { StagedFile } from './store/blob-folder.ts';

/** A `model.json` describes layers or a graph; weights are in files of their own. */
const MAX_JSON_BYTES = 256 * 1024 * 1024;
const MAX_REMOTE_BYTES = 1024 * 1024;

/** What the files of a model turned out to be. */
export type ModelContent = Pick<
  Model,
  'format' | 'framework' | 'signature' | 'opsets' | 'operators' | 'mainFile' | 'baseline'
>;

/**
 * Reads the files of a model. What has the name of an ONNX file, or is said to be one, must be one. Of several models in one
 * folder, ONNX goes before TensorFlow.js, and that before a description of a model that runs elsewhere.
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
  if (onnxFiles.length > 0) return inspectOnnx(given, { files, onnxFiles, framework });
  if (framework === 'Onnx') throw invalid(given, 'the folder holds no file whose name ends in .onnx');
  const tensorflow = files.find((file) => modelFormatOf(file.path) === 'tfjs' && isTensorFlow(given, file, files));
  if (tensorflow !== undefined) {
    return { format: 'tfjs', framework: framework ?? 'TensorFlow', mainFile: tensorflow.path };
  }
  const remote = files.find((file) => modelFormatOf(file.path) === 'remote');
  if (remote !== undefined) return inspectRemote(given, remote, { files, framework });
  const only = files.length === 1 ? files[0] : undefined;
  return { format: 'other', framework: framework ?? 'Custom', ...(only === undefined ? {} : { mainFile: only.path }) };
}

interface OnnxFolder {
  readonly files: readonly StagedFile[];
  readonly onnxFiles: readonly StagedFile[];
  readonly framework: Model['framework'] | undefined;
}

function inspectOnnx(given: string, { files, onnxFiles, framework }: OnnxFolder): ModelContent {
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

/** Any JSON may be called `model.json`; one of TensorFlow.js has a topology and names files of weights, which must be there. */
function isTensorFlow(given: string, file: StagedFile, files: readonly StagedFile[]): boolean {
  if (!file.path.endsWith('.json')) return file.sizeBytes > 0;
  if (file.sizeBytes > MAX_JSON_BYTES) return false;
  const document = parseObject(readFileSync(file.stagedAt, 'utf8'));
  if (document === undefined || !('modelTopology' in document)) return false;
  const groups = Array.isArray(document['weightsManifest']) ? (document['weightsManifest'] as unknown[]) : [];
  const weights = groups.flatMap((group) => {
    const paths = typeof group === 'object' && group !== null && 'paths' in group ? group.paths : [];
    return Array.isArray(paths) ? paths.filter((one): one is string => typeof one === 'string') : [];
  });
  requireExternalFiles({ given, file, files }, weights);
  return true;
}

/** A description of a model that runs elsewhere says itself what the model takes and gives. */
function inspectRemote(
  given: string,
  file: StagedFile,
  { files, framework }: Pick<OnnxFolder, 'files' | 'framework'>,
): ModelContent {
  if (file.sizeBytes > MAX_REMOTE_BYTES) {
    throw invalid(given, `"${file.path}" has ${file.sizeBytes} bytes; a *.remote.json may have ${MAX_REMOTE_BYTES}`);
  }
  const { inputs, outputs, caFile, tokenFile } = readRemote(given, file);
  if (caFile !== undefined && !path.isAbsolute(caFile)) requireExternalFiles({ given, file, files }, [caFile]);
  if (tokenFile !== undefined && !path.isAbsolute(tokenFile)) {
    throw invalid(
      given,
      `its "tokenFile" is "${tokenFile}", which would be kept in the registry and in every image; ` +
        'name an absolute path that the device has, such as /run/secrets/accelerator-token',
    );
  }
  const plain = ({ name, datatype, shape }: RemoteTensor): TensorSpec => ({ name, datatype, shape: [...shape] });
  return {
    format: 'remote',
    framework: framework ?? 'Custom',
    mainFile: file.path,
    signature: { inputs: inputs.map(plain), outputs: outputs.map(plain) },
  };
}

function readRemote(given: string, file: StagedFile): RemoteModel {
  try {
    return parseRemoteModel(readFileSync(file.stagedAt, 'utf8'), file.path);
  } catch (cause) {
    throw invalid(given, messageOf(cause));
  }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isOnnxName(name: string): boolean {
  return modelFormatOf(name) === 'onnx';
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

import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '@edgewright/contract';
import type { EngineModel } from '../../engine-options.ts';
import { notLoadable } from '../not-loadable.ts';

/** A file of weights beside a model, as onnxruntime-web takes it. */
export interface ExternalData {
  readonly path: string;
  readonly data: Uint8Array;
}

/**
 * Reads a model, and the files beside it that its bytes name: WebAssembly has no file system. A model names such a file by
 * its path relative to itself, as plain UTF-8 (ONNX IR, "External tensor data").
 *
 * @throws EngineError `ModelNotLoadable` when a file cannot be read
 */
export async function readModel(
  model: EngineModel,
): Promise<{ readonly bytes: Buffer; readonly externalData: readonly ExternalData[] }> {
  try {
    const bytes = await readFile(model.path);
    return { bytes, externalData: await readExternalData(model.path, bytes) };
  } catch (cause) {
    throw notLoadable(model, messageOf(cause), cause);
  }
}

async function readExternalData(modelPath: string, model: Buffer): Promise<ExternalData[]> {
  const folder = path.dirname(modelPath);
  const found: ExternalData[] = [];
  // names, not entries: an entry has no parentPath in Node.js 20.11, the newest that there is for arm32v7
  for (const name of await readdir(folder, { recursive: true })) {
    const file = path.join(folder, name);
    const relative = name.replaceAll(path.sep, '/');
    if (path.resolve(file) === path.resolve(modelPath) || !model.includes(relative)) continue;
    if ((await stat(file)).isFile()) found.push({ path: relative, data: await readFile(file) });
  }
  return found;
}

import { readdir, readFile } from 'node:fs/promises';
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
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const found: ExternalData[] = [];
  for (const entry of entries) {
    const file = path.join(entry.parentPath, entry.name);
    if (!entry.isFile() || path.resolve(file) === path.resolve(modelPath)) continue;
    const relative = path.relative(folder, file).replaceAll(path.sep, '/');
    if (model.includes(relative)) found.push({ path: relative, data: await readFile(file) });
  }
  return found;
}

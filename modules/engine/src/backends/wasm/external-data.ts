import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** A file of weights beside a model, as onnxruntime-web takes it. */
export interface ExternalData {
  readonly path: string;
  readonly data: Uint8Array;
}

/**
 * The files beside a model that its bytes name. WebAssembly has no file system, so the runtime gets them with the model.
 * A model names such a file by its path relative to itself, as plain UTF-8 (ONNX IR, "External tensor data").
 */
export async function readExternalData(modelPath: string, model: Buffer): Promise<ExternalData[]> {
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

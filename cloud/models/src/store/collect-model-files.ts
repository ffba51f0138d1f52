import { lstat, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '@edgewright/contract';
import { ModelsError } from '../models-error.ts';

/** A file that belongs to a model. */
export interface SourceFile {
  /** Absolute path on disk. */
  readonly source: string;
  /** Path inside the model, with `/`. */
  readonly path: string;
}

/** More files than any model has; a folder with more was named by mistake. */
const MAX_FILES = 100_000;

/**
 * The files of a model: the file itself, or everything below a folder, sorted by path. Links to files are followed.
 *
 * @param childPaths of a folder, only these files and folders
 * @throws ModelsError `ModelFileInvalid` when there is nothing, or something that is neither file nor folder
 */
export async function collectModelFiles(given: string, childPaths?: readonly string[]): Promise<SourceFile[]> {
  const root = path.resolve(given);
  const found = await stat(root).catch((cause: unknown) => {
    throw invalid(given, isMissing(cause) ? 'there is no such file or folder' : messageOf(cause), cause);
  });
  if (found.isFile() && childPaths !== undefined) throw invalid(given, 'it is a file; only a folder has child paths');
  if (found.isFile()) return [{ source: root, path: path.basename(root) }];
  if (!found.isDirectory()) throw invalid(given, 'it is neither a file nor a folder');
  const files: SourceFile[] = [];
  await collectFolder(root, '', files);
  if (files.length === 0) throw invalid(given, 'the folder holds no file');
  const chosen = childPaths === undefined ? files : filesBelow(given, files, childPaths);
  return chosen.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function filesBelow(given: string, files: readonly SourceFile[], childPaths: readonly string[]): readonly SourceFile[] {
  const chosen = new Set<SourceFile>();
  for (const child of childPaths) {
    const wanted = path.posix.normalize(child).replace(/\/$/, '');
    const found = files.filter((file) => file.path === wanted || file.path.startsWith(`${wanted}/`));
    if (found.length === 0) throw invalid(given, `the folder has no file or folder "${child}"`);
    for (const file of found) chosen.add(file);
  }
  if (chosen.size === 0) throw invalid(given, 'no child path was named');
  return [...chosen];
}

async function collectFolder(root: string, inside: string, files: SourceFile[]): Promise<void> {
  const folder = path.join(root, inside);
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw invalid(folder, messageOf(cause), cause);
  });
  for (const entry of entries) {
    const source = path.join(folder, entry.name);
    const inner = inside === '' ? entry.name : `${inside}/${entry.name}`;
    if (entry.isDirectory()) await collectFolder(root, inner, files);
    else if (entry.isFile() || (await isLinkToFile(source))) files.push({ source, path: inner });
    else throw invalid(source, 'it is neither a file nor a folder, nor a link to a file');
    if (files.length > MAX_FILES) throw invalid(root, `the folder holds more than ${MAX_FILES} files`);
  }
}

async function isLinkToFile(source: string): Promise<boolean> {
  const link = await lstat(source);
  if (!link.isSymbolicLink()) return false;
  const target = await stat(source).catch((cause: unknown) => {
    throw invalid(source, 'it is a link to something that is not there', cause);
  });
  return target.isFile();
}

function invalid(given: string, reason: string, cause?: unknown): ModelsError {
  return new ModelsError('ModelFileInvalid', `cannot register "${given}": ${reason}`, {
    details: { path: given, reason },
    ...(cause === undefined ? {} : { cause }),
  });
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR');
}

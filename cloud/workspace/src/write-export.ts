import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ServiceSpec } from '@edgewright/deployers';
import { WorkspaceError } from './workspace-error.ts';

/** What an export becomes, and where. */
export interface ExportTo {
  readonly format: 'helm' | 'kustomize';
  /** Made when it is not there; must be empty unless `overwrite` is given. */
  readonly directory: string;
}

/** The files of an export. */
export interface WrittenExport {
  readonly directory: string;
  /** Relative, in their order. */
  readonly files: readonly string[];
  /** Those with keys, which only their owner may read and version control is told to leave out. */
  readonly secretFiles: readonly string[];
}

/**
 * Writes the objects of a service as a chart or a base. All files are there or none.
 *
 * @throws WorkspaceError `FolderNotEmpty`
 */
export async function writeExport(
  spec: ServiceSpec,
  { format, directory, overwrite = false }: ExportTo & { readonly overwrite?: boolean },
): Promise<WrittenExport> {
  const { exportFiles } = await import('@edgewright/deployers');
  const files = exportFiles(spec, format);
  const present = await readdir(directory).catch((): string[] => []);
  if (present.length > 0 && !overwrite) {
    throw new WorkspaceError('FolderNotEmpty', `cannot write the ${format} files: "${directory}" holds ${present.slice(0, 3).join(', ')} already; take another folder, or give --overwrite`, { details: { directory } }); // prettier-ignore
  }
  const made = `${path.resolve(directory)}.new`;
  await rm(made, { recursive: true, force: true });
  for (const { path: name, content, isSecret } of files) {
    const file = path.join(made, name);
    await mkdir(path.dirname(file), { recursive: true, ...(isSecret ? { mode: 0o700 } : {}) });
    await writeFile(file, content, { mode: isSecret ? 0o600 : 0o644 });
  }
  if (present.length > 0)
    await replaceFiles(directory, made, files.map((file) => file.path)); // prettier-ignore
  else {
    await rm(directory, { recursive: true, force: true });
    await rename(made, directory);
  }
  return {
    directory,
    files: files.map((file) => file.path),
    secretFiles: files.filter(({ isSecret }) => isSecret).map((file) => file.path),
  };
}

/** What somebody put beside the files of an export stays. */
async function replaceFiles(directory: string, made: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const file = path.join(directory, name);
    await mkdir(path.dirname(file), { recursive: true });
    await rename(path.join(made, name), file);
  }
  await rm(made, { recursive: true, force: true });
}

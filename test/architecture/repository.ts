import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

/** The folder of the root package.json. */
export const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url));

/** One entry of the root package.json's `workspaces`. */
export interface WorkspacePackage {
  /** Relative to the root, with `/`. */
  readonly folder: string;
  readonly name: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** The part of a package.json that the architecture tests read. */
export interface PackageFile {
  readonly name: string;
  readonly workspaces?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** Reads the package.json of a folder that is relative to the root. */
export function readPackage(folder: string): PackageFile {
  return JSON.parse(readFileSync(path.join(repositoryRoot, folder, 'package.json'), 'utf8')) as PackageFile;
}

/** Every workspace, in the order of the root package.json. */
export function workspacePackages(): WorkspacePackage[] {
  return (readPackage('.').workspaces ?? []).map((folder) => {
    const { name, dependencies = {} } = readPackage(folder);
    return { folder, name, dependencies };
  });
}

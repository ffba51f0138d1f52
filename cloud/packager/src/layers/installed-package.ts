import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { messageOf } from '@edgewright/contract';
import { PackagerError } from '../packager-error.ts';
import type { PackageFile } from './trace-packages.ts';

/** A package on this machine. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  readonly directory: string;
  /** Files, and folders ending in `/*.EXTENSION` or `/*`. */
  readonly take: readonly string[];
}

const require = createRequire(import.meta.url);

/**
 * Finds a package as Node.js would from here.
 *
 * @param take what is needed of it: files, and folders ending in `/*.EXTENSION` or `/*`
 * @param from the folder of a package of which it is a dependency
 * @throws PackagerError `RuntimePackageMissing`
 */
export function locatePackage(name: string, take: readonly string[], from?: string): InstalledPackage {
  const folders = (from === undefined ? require : createRequire(`${from}/package.json`)).resolve.paths(name) ?? [];
  const directory = folders
    .map((folder) => path.join(folder, name))
    .find((folder) => existsSync(path.join(folder, 'package.json')));
  if (directory === undefined) throw packageMissing(name, `it is in none of ${folders.slice(0, 3).join(', ')} …`);
  const { version } = JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8')) as { version: string };
  return { name, version, directory, take };
}

/**
 * The files of a package that are to be taken.
 *
 * @throws PackagerError `RuntimePackageMissing`
 */
export async function filesOf(one: InstalledPackage): Promise<PackageFile[]> {
  const files: PackageFile[] = [];
  const add = (file: string): void => {
    const inside = path.relative(one.directory, file).split(path.sep).join('/');
    files.push({ source: file, path: `${one.name}/${inside}` });
  };
  for (const pattern of one.take) {
    const [folder = '', ending] = pattern.split('/*');
    if (ending === undefined) {
      add(path.join(one.directory, pattern));
      continue;
    }
    const options = { withFileTypes: true, recursive: true } as const;
    const entries = await readdir(path.join(one.directory, folder), options).catch((cause: unknown) => {
      throw packageMissing(one.name, messageOf(cause), cause);
    });
    for (const entry of entries) {
      const isWanted = entry.isFile() && !/\.(d\.[cm]?ts|map)$/.test(entry.name) && entry.name.endsWith(ending);
      if (isWanted) add(path.join(entry.parentPath, entry.name));
    }
  }
  return files;
}

/** A package that an image needs and that cannot be had. */
export function packageMissing(name: string, reason: string, cause?: unknown): PackagerError {
  return new PackagerError('RuntimePackageMissing', `cannot put the package ${name} into the image: ${reason}`, {
    details: { package: name, reason },
    ...(cause === undefined ? {} : { cause }),
  });
}

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PackagerError } from './packager-error.ts';

export interface PackageRoot {
  /** The folder of the root package: the clone, or the installed package. */
  readonly directory: string;
  readonly version: string;
}

/**
 * The root package of edgewright that this file belongs to, whether it runs as a source or inside a bundle.
 *
 * @throws PackagerError `RuntimePackageMissing`
 */
export function findPackageRoot(): PackageRoot {
  const start = path.dirname(fileURLToPath(import.meta.url));
  for (let directory = start; ; directory = path.dirname(directory)) {
    const file = path.join(directory, 'package.json');
    if (existsSync(file)) {
      const manifest = JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown; version?: unknown };
      if (manifest.name === 'edgewright') return { directory, version: String(manifest.version) };
    }
    if (path.dirname(directory) === directory) {
      throw new PackagerError('RuntimePackageMissing', `cannot find the package edgewright above "${start}"`, {
        details: { start },
      });
    }
  }
}

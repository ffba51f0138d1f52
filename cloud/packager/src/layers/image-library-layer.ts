import path from 'node:path';
import type { Platform } from '@edgewright/contract';
import { imageLibraryPackages } from './image-library.ts';
import { filesOf, locatePackage } from './installed-package.ts';
import type { LayerSource } from './layer-source.ts';
import { findNpmPackage } from './npm-package.ts';
import { packagesLayer } from './packages-layer.ts';
import type { PackageFile } from './trace-packages.ts';

/**
 * sharp, which reads images, with the binaries of one platform: about 7 MB compressed. They need glibc 2.28 from the base.
 *
 * @throws PackagerError `RuntimePackageMissing`
 */
export async function imageLibraryLayer(
  platform: Platform,
  options: { readonly cacheDirectory: string; readonly signal?: AbortSignal | undefined },
): Promise<LayerSource> {
  const sharp = locatePackage('sharp', ['package.json', 'LICENSE', 'dist/*.cjs', 'dist/*.mjs']);
  const needed = [
    sharp,
    locatePackage('@img/colour', ['package.json', 'LICENSE.md', 'index.cjs', 'color.cjs'], sharp.directory),
    locatePackage('detect-libc', ['package.json', 'LICENSE', 'lib/*.js'], sharp.directory),
    locatePackage(
      'semver',
      ['package.json', 'LICENSE', 'index.js', 'classes/*.js', 'functions/*.js', 'internal/*.js', 'ranges/*.js'],
      sharp.directory,
    ),
  ];
  const files = (await Promise.all(needed.map(filesOf))).flat();
  for (const { pinned, files: wanted } of imageLibraryPackages[platform]) {
    const folder = await findNpmPackage(pinned, wanted, options);
    files.push(
      ...wanted.map((file): PackageFile => ({ source: path.join(folder, file), path: `${pinned.name}/${file}` })),
    );
  }
  return packagesLayer(`sharp ${sharp.version}`, files);
}

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { ImageLayout } from '../layout/image-layout.ts';
import { layerEntries } from '../layout/layer-files.ts';
import type { LayerSummary, PlatformSummary } from '../image-summary.ts';
import { findPackageRoot } from '../package-root.ts';

/** A package of npm that is in an image, as files of its own or inside the scorer's bundle. */
export interface PackageInImage {
  readonly name: string;
  readonly version: string;
  /** As its package.json says: an SPDX expression, mostly. */
  readonly license?: string;
}

/** package.json and source maps; what is larger is neither. */
const MAX_DOCUMENT_BYTES = 32 * 1024 * 1024;
const SCANNED_ROLES: readonly string[] = ['runtime', 'dependencies', 'scorer', 'app'];
const require = createRequire(import.meta.url);

/**
 * The packages in the layers that edgewright writes, each once, by name and version. Packages in a bundle are named by its
 * source maps, and their versions are those that are installed here, from which the bundle was made.
 */
export async function packagesInImage(
  layout: ImageLayout,
  platforms: readonly PlatformSummary[],
): Promise<readonly PackageInImage[]> {
  const layers = new Map(platforms.flatMap((one) => one.layers).map((layer) => [layer.digest, layer]));
  const found = new Map<string, PackageInImage>();
  for (const layer of layers.values()) {
    if (!SCANNED_ROLES.includes(layer.role)) continue;
    for (const one of await packagesInLayer(layout, layer)) found.set(`${one.name}@${one.version}`, one);
  }
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

async function packagesInLayer(layout: ImageLayout, layer: LayerSummary): Promise<readonly PackageInImage[]> {
  const packages: PackageInImage[] = [];
  for await (const entry of layerEntries(layout, layer)) {
    const { name, size } = entry.header;
    const isPackage = /\/node_modules\/(?:@[^/]+\/)?[^/]+\/package\.json$/.test(name);
    if ((!isPackage && !name.endsWith('.map')) || size > MAX_DOCUMENT_BYTES) {
      entry.resume();
      continue;
    }
    const chunks = await Array.fromAsync(entry as AsyncIterable<Buffer>);
    const document = objectIn(Buffer.concat(chunks).toString('utf8'));
    if (isPackage) packages.push(...packageOf(document));
    else for (const bundled of bundledNames(document)) packages.push(...installedPackage(bundled));
  }
  return packages;
}

function packageOf(document: Readonly<Record<string, unknown>>): PackageInImage[] {
  const { name, version, license } = document;
  if (typeof name !== 'string' || typeof version !== 'string') return [];
  return [{ name, version, ...(typeof license === 'string' ? { license } : {}) }];
}

function bundledNames(sourceMap: Readonly<Record<string, unknown>>): ReadonlySet<string> {
  const sources = Array.isArray(sourceMap['sources']) ? (sourceMap['sources'] as unknown[]) : [];
  const names = sources.map((source) => /^.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(String(source))?.[1]);
  return new Set(names.filter((name) => name !== undefined));
}

function installedPackage(name: string): PackageInImage[] {
  const root = findPackageRoot().directory;
  const folders = [path.join(root, 'node_modules'), ...(require.resolve.paths(name) ?? [])];
  const file = folders.map((folder) => path.join(folder, name, 'package.json')).find((one) => existsSync(one));
  return file === undefined ? [] : packageOf(objectIn(readFileSync(file, 'utf8')));
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The files of the page, with their types. Nothing else of the folder is served. */
const types = {
  'index.html': 'text/html; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
  'ring.js': 'text/javascript; charset=utf-8',
  'chart.js': 'text/javascript; charset=utf-8',
  'dom.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
} as const;

/** A file of the page; undefined for names that it does not have. */
export async function readAsset(
  name: string,
): Promise<{ readonly type: string; readonly content: Buffer } | undefined> {
  if (!Object.hasOwn(types, name)) return undefined;
  return { type: types[name as keyof typeof types], content: await readFile(path.join(assetFolder(), name)) };
}

/** Beside this file in the sources; in the published package the build puts the files beside the bundles. */
function assetFolder(): string {
  const here = fileURLToPath(new URL('.', import.meta.url));
  const [sources = here, published = here] = ['assets', 'rollout-page'].map((name) => path.join(here, name));
  return existsSync(path.join(sources, 'index.html')) ? sources : published;
}

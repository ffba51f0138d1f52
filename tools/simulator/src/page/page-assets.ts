import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { SimulatorError } from '../simulator-error.ts';

/** The files of the page, with their types. Nothing else of the folder is served. */
const types = {
  'index.html': 'text/html; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
  'dom.js': 'text/javascript; charset=utf-8',
  'picture.js': 'text/javascript; charset=utf-8',
  'layout.js': 'text/javascript; charset=utf-8',
  'messages.js': 'text/javascript; charset=utf-8',
  'detail.js': 'text/javascript; charset=utf-8',
  'faults.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
} as const;

export interface Asset {
  readonly type: string;
  readonly content: Buffer;
}

/** @throws SimulatorError `SimulatorRequestInvalid` for a file that the page does not have */
export async function readAsset(name: string): Promise<Asset> {
  const type = Object.hasOwn(types, name) ? types[name as keyof typeof types] : undefined;
  if (type === undefined) throw new SimulatorError('SimulatorRequestInvalid', `the page has no file "${name}"`);
  return { type, content: await readFile(path.join(assetFolder(), name)) };
}

/** Beside this file in the sources; in the published package the build puts the files beside the bundles. */
function assetFolder(): string {
  const here = fileURLToPath(new URL('.', import.meta.url));
  const [sources = here, published = here] = ['assets', 'simulator-page'].map((name) => path.join(here, name));
  return existsSync(path.join(sources, 'index.html')) ? sources : published;
}

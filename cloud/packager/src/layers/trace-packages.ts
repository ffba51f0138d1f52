import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '@edgewright/contract';
import { build } from 'esbuild';
import { PackagerError } from '../packager-error.ts';

/** A file of a package, on this machine and below `node_modules` of the image. */
export interface PackageFile {
  readonly source: string;
  /** Begins with the name of the package. */
  readonly path: string;
}

const MODULES = 'node_modules/';

/**
 * The files that Node.js reads when it imports some packages, found by following their imports: of the 120 MB of
 * TensorFlow.js these are 6. Packages keep the places that npm gave them, so that each finds the version it needs.
 *
 * @throws PackagerError `RuntimePackageMissing`
 */
export async function tracePackages(names: readonly string[]): Promise<PackageFile[]> {
  if (names.length === 0) return [];
  const resolveDir = path.dirname(fileURLToPath(import.meta.url));
  const contents = names.map((name) => `import ${JSON.stringify(name)};`).join('\n');
  const result = await build({
    stdin: { contents, resolveDir },
    absWorkingDir: resolveDir,
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    // what Node.js itself looks at, and not what bundlers prefer
    mainFields: ['main'],
    conditions: ['node'],
    logLevel: 'silent',
  }).catch((cause: unknown) => {
    throw new PackagerError(
      'RuntimePackageMissing',
      `cannot put the packages ${names.join(', ')} into the image: ${messageOf(cause)}`,
      { details: { packages: names }, cause },
    );
  });
  const files = new Map<string, PackageFile>();
  for (const input of Object.keys(result.metafile.inputs)) {
    const source = path.resolve(resolveDir, input);
    for (const file of [source, manifestOf(source)]) {
      if (existsSync(file)) files.set(file, { source: file, path: pathInModules(file) });
    }
  }
  return [...files.values()];
}

/** Below the outermost `node_modules`: npm nests a package where another version stands above. */
function pathInModules(file: string): string {
  const whole = file.split(path.sep).join('/');
  return whole.slice(whole.indexOf(MODULES) + MODULES.length);
}

/** The `package.json` of the package that a file belongs to. */
function manifestOf(file: string): string {
  const whole = file.split(path.sep).join('/');
  const start = whole.lastIndexOf(MODULES) + MODULES.length;
  const parts = whole.slice(start).split('/');
  const name = parts.slice(0, parts[0]?.startsWith('@') === true ? 2 : 1).join('/');
  return path.normalize(`${whole.slice(0, start)}${name}/package.json`);
}

import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { checkDocument, messageOf, NpmLockSchema, NpmManifestSchema, parseJson } from '@edgewright/contract';
import type { NpmLock, NpmManifest } from '@edgewright/contract';
import { PackagerError } from '../packager-error.ts';

/** Packages of npm that an entry script imports, and that are installed beside it instead of being bundled. */
export interface Dependencies {
  /** As it stands in the configuration. */
  readonly name: string;
  /** The folder of package.json. */
  readonly directory: string;
  /** What package.json names: the entry script imports these, and nothing of them goes into its bundle. */
  readonly packages: readonly string[];
  /** The lock's packages that have install scripts, which are not run. */
  readonly withInstallScripts: readonly string[];
  /** Of package.json and its lock: what is installed depends on nothing else. */
  readonly digest: string;
}

const MAX_BYTES = 32 * 1024 * 1024;
/** Packages that cannot work in an image, and why. */
const REFUSED: ReadonlyMap<string, string> = new Map(
  ['@tensorflow/tfjs-node', '@tensorflow/tfjs-node-gpu'].map((name) => [
    name,
    'its native part does not start on Node.js 23 and newer (it calls util.isNullOrUndefined, tfjs #8425), and only its ' +
      'install script fetches it; the backend "tfjs" runs the same models by WebAssembly',
  ]),
);

/**
 * Reads `dependencies` of an inference configuration: a package.json with its package-lock.json.
 *
 * @throws PackagerError `DependenciesInvalid`, `PlatformNotPossible` for packages that cannot work in an image
 */
export async function readDependencies(
  name: string | undefined,
  configDirectory: string,
): Promise<Dependencies | undefined> {
  if (name === undefined) return undefined;
  const file = path.resolve(configDirectory, name);
  if (path.basename(file) !== 'package.json') {
    const isConda = /\.ya?ml$/i.test(file);
    throw refused(
      name,
      isConda ? 'it is a conda file, and packages of Python do not run on Node.js' : 'it is no package.json',
    );
  }
  const directory = path.dirname(file);
  const manifest = await read(name, file);
  const lock = await read(name, path.join(directory, 'package-lock.json'));
  const { dependencies, optionalDependencies } = parse(name, NpmManifestSchema, manifest) as NpmManifest;
  const packages = Object.entries((parse(name, NpmLockSchema, lock) as NpmLock).packages);
  for (const [place, one] of packages) requirePossible(name, place, one);
  const scripted = packages.filter(([, one]) => one.hasInstallScript === true && one.dev !== true);
  return {
    name,
    directory,
    packages: Object.keys({ ...dependencies, ...optionalDependencies }).toSorted(),
    withInstallScripts: scripted.map(([place]) => nameAt(place)),
    digest: createHash('sha256').update(`${manifest.length}\n${manifest}${lock}`).digest('hex'),
  };
}

function requirePossible(name: string, place: string, one: NpmLock['packages'][string]): void {
  const reason = REFUSED.get(nameAt(place));
  if (reason !== undefined) {
    const message = `cannot build with the package ${nameAt(place)} of "${name}" ($.dependencies): ${reason}`;
    throw new PackagerError('PlatformNotPossible', message, { details: { package: nameAt(place), reason } });
  }
  if (one.link === true || (typeof one.resolved === 'string' && one.resolved.startsWith('file:'))) {
    throw refused(
      name,
      `its lock names the folder or file "${place}" of this machine; publish that package, or let it be bundled`,
    );
  }
}

/** `node_modules/a/node_modules/@b/c` is `@b/c`. */
function nameAt(place: string): string {
  return place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

async function read(name: string, file: string): Promise<string> {
  try {
    await using handle = await open(file);
    const { size } = await handle.stat();
    if (size > MAX_BYTES) throw refused(name, `"${file}" has ${size} bytes, and at most ${MAX_BYTES} are taken`);
    return await handle.readFile('utf8');
  } catch (cause) {
    if (cause instanceof PackagerError) throw cause;
    const lacksLock = path.basename(file) === 'package-lock.json' && (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = lacksLock
      ? `there is no package-lock.json beside it, by which every build installs the same; write it with "npm install --package-lock-only" in "${path.dirname(file)}"`
      : messageOf(cause);
    throw refused(name, reason, cause);
  }
}

function parse(name: string, schema: Parameters<typeof checkDocument>[0], text: string): unknown {
  try {
    return checkDocument(schema, parseJson(text, name), name);
  } catch (cause) {
    throw refused(name, messageOf(cause), cause);
  }
}

function refused(name: string, reason: string, cause?: unknown): PackagerError {
  return new PackagerError('DependenciesInvalid', `cannot take the packages of "${name}" ($.dependencies): ${reason}`, {
    details: { file: name, reason },
    ...(cause === undefined ? {} : { cause }),
  });
}

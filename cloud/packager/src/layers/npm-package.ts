import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { messageOf } from '@edgewright/contract';
import { runNpm } from '../npm/run-npm.ts';
import { PackagerError } from '../packager-error.ts';

/** A package of npm with binaries for one platform, pinned by its contents. */
export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  /** Of the package's archive, as npm gives it (Subresource Integrity). */
  readonly integrity: string;
}

const ARCHIVE_ROOT = 'package/';
const require = createRequire(import.meta.url);

/**
 * The folder of a package: of the one installed beside edgewright, else in the cache, else fetched with npm.
 *
 * @param files what is needed of it, relative to the package; a package that lacks one counts as not installed
 * @throws PackagerError `RuntimePackageMissing`
 */
export async function findNpmPackage(
  wanted: NpmPackage,
  files: readonly string[],
  { cacheDirectory, signal }: { readonly cacheDirectory: string; readonly signal?: AbortSignal | undefined },
): Promise<string> {
  const installed = installedFolder(wanted, files);
  if (installed !== undefined) return installed;
  const folder = path.join(cacheDirectory, 'packages', `${wanted.name.replace('/', '+')}-${wanted.version}`);
  if (!existsSync(folder)) await fetchPackage(wanted, folder, { files, signal });
  return folder;
}

function installedFolder(wanted: NpmPackage, files: readonly string[]): string | undefined {
  const folders = (require.resolve.paths(wanted.name) ?? []).map((folder) => path.join(folder, wanted.name));
  return folders.find((folder) => {
    const manifest = path.join(folder, 'package.json');
    if (!existsSync(manifest) || files.some((file) => !existsSync(path.join(folder, file)))) return false;
    return (JSON.parse(readFileSync(manifest, 'utf8')) as { version?: unknown }).version === wanted.version;
  });
}

interface FetchOptions {
  readonly files: readonly string[];
  readonly signal: AbortSignal | undefined;
}

async function fetchPackage(wanted: NpmPackage, folder: string, { files, signal }: FetchOptions): Promise<void> {
  const staging = `${folder}-${randomUUID()}`;
  await mkdir(staging, { recursive: true });
  try {
    await npmPack(wanted, staging, signal);
    const [archive] = (await readdir(staging)).filter((name) => name.endsWith('.tgz'));
    if (archive === undefined) throw missing(wanted, 'npm pack wrote no archive');
    await requireIntegrity(wanted, path.join(staging, archive));
    const unpacked = path.join(staging, 'files');
    await unpack(path.join(staging, archive), unpacked, files);
    const absent = files.find((file) => !existsSync(path.join(unpacked, file)));
    if (absent !== undefined) throw missing(wanted, `its archive has no file ${absent}`);
    // another build may have fetched the same package meanwhile, which is as good
    await rename(unpacked, folder).catch((cause: unknown) => {
      if (!existsSync(folder)) throw missing(wanted, messageOf(cause), cause);
    });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function npmPack(wanted: NpmPackage, folder: string, signal?: AbortSignal): Promise<void> {
  const words = ['pack', '--loglevel=error', '--ignore-scripts', `${wanted.name}@${wanted.version}`];
  const { code, said } = await runNpm(words, { folder, signal }).catch((cause: unknown) => {
    signal?.throwIfAborted();
    throw missing(wanted, `it is not installed, and npm cannot be run: ${messageOf(cause)}`, cause);
  });
  if (code !== 0)
    throw missing(wanted, `it is not installed, and "npm pack" failed: ${said.trim() || `exit code ${code}`}`);
}

async function requireIntegrity(wanted: NpmPackage, archive: string): Promise<void> {
  const hash = createHash('sha512');
  await pipeline(createReadStream(archive), hash);
  const integrity = `sha512-${hash.digest('base64')}`;
  if (integrity !== wanted.integrity) {
    throw missing(wanted, `what npm fetched has the integrity ${integrity} instead of ${wanted.integrity}`);
  }
}

/** Takes the files that are needed out of the archive, and no others. */
async function unpack(archive: string, folder: string, files: readonly string[]): Promise<void> {
  const wanted = new Set(files);
  const entries = extract();
  const reading = pipeline(createReadStream(archive), createGunzip(), entries);
  for await (const entry of entries) {
    const name = entry.header.name.startsWith(ARCHIVE_ROOT) ? entry.header.name.slice(ARCHIVE_ROOT.length) : '';
    if (!wanted.has(name)) {
      entry.resume();
      continue;
    }
    const target = path.join(folder, name);
    await mkdir(path.dirname(target), { recursive: true });
    await pipeline(entry, createWriteStream(target, { flush: true }));
  }
  await reading;
}

function missing(wanted: NpmPackage, reason: string, cause?: unknown): PackagerError {
  const name = `${wanted.name}@${wanted.version}`;
  return new PackagerError('RuntimePackageMissing', `cannot put the package ${name} into the image: ${reason}`, {
    details: { package: name, reason },
    ...(cause === undefined ? {} : { cause }),
  });
}

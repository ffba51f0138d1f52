import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGzip } from 'node:zlib';
import { ociPlatforms } from '@edgewright/contract';
import type { Platform } from '@edgewright/contract';

const run = promisify(execFile);

/** What Node.js and onnxruntime link against, and the certificates of public authorities. */
const PACKAGES = ['base-files', 'ca-certificates', 'libatomic1', 'libc6', 'libgcc-s1', 'libstdc++6'];
const DEBIAN_ARCHITECTURES = { amd64: 'amd64', arm64v8: 'arm64', arm32v7: 'armhf' } as const;
const MEDIA = 'application/vnd.oci.image';
const TAG = 'minimal';

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** Where tests keep what is slow to make, from file to file and, on a machine of one's own, from run to run. */
function testCache(): string {
  return process.env['EDGEWRIGHT_TEST_CACHE'] ?? path.join(os.tmpdir(), `edgewright-tests-${os.userInfo().uid}`);
}

/** A cache of the packager's for builds of several tests: Node.js and the runtimes are fetched and compressed once. */
export function sharedBuildCache(): string {
  return path.join(testCache(), 'packager');
}

/**
 * Makes a base image of Debian for some platforms, as an OCI image layout, with mmdebstrap: packages are unpacked, not
 * configured, so nothing of the target runs. Kept in the folder `EDGEWRIGHT_TEST_CACHE`, or in one below the system's
 * folder for temporary files, each platform once.
 *
 * @param mmdebstrap path of the program
 * @returns what an inference configuration names as `baseImage`
 */
export async function makeBaseImage(mmdebstrap: string, platforms: readonly Platform[]): Promise<string> {
  const layout = path.join(testCache(), `base-${platforms.join('-')}`);
  await makeOnce(layout, async (folder) => {
    const manifests: object[] = [];
    const [only] = platforms;
    if (only !== undefined && platforms.length === 1) manifests.push(await addPlatform(mmdebstrap, folder, only));
    for (const platform of platforms.length === 1 ? [] : platforms) {
      await makeBaseImage(mmdebstrap, [platform]);
      manifests.push(await addFrom(path.join(testCache(), `base-${platform}`), folder));
    }
    const index = { schemaVersion: 2, mediaType: `${MEDIA}.index.v1+json`, manifests };
    const descriptor = await addJson(folder, index.mediaType, index);
    const annotations = { 'org.opencontainers.image.ref.name': TAG };
    const entry = { schemaVersion: 2, mediaType: index.mediaType, manifests: [{ ...descriptor, annotations }] };
    await writeFile(path.join(folder, 'index.json'), JSON.stringify(entry));
    await writeFile(path.join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  });
  return `oci:${layout}:${TAG}`;
}

/** Makes a folder that is there when all of it is; another test may be quicker. */
async function makeOnce(folder: string, fill: (unfinished: string) => Promise<void>): Promise<void> {
  const isThere = (): Promise<boolean> =>
    access(folder).then(
      () => true,
      () => false,
    );
  if (await isThere()) return;
  await mkdir(path.dirname(folder), { recursive: true });
  const unfinished = await mkdtemp(path.join(path.dirname(folder), 'unfinished-'));
  try {
    await mkdir(path.join(unfinished, 'blobs/sha256'), { recursive: true });
    await fill(unfinished);
    await rename(unfinished, folder).catch(async (error: unknown) => {
      if (!(await isThere())) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** Takes over the only platform of another layout. @returns its entry of an index */
async function addFrom(source: string, target: string): Promise<object> {
  for (const name of await readdir(path.join(source, 'blobs/sha256'))) {
    await copyFile(path.join(source, 'blobs/sha256', name), path.join(target, 'blobs/sha256', name));
  }
  const read = async (file: string): Promise<{ manifests: [Descriptor] }> =>
    JSON.parse(await readFile(file, 'utf8')) as { manifests: [Descriptor] };
  const [root] = (await read(path.join(source, 'index.json'))).manifests;
  return (await read(blobPath(source, root.digest))).manifests[0];
}

async function addPlatform(mmdebstrap: string, layout: string, platform: Platform): Promise<object> {
  const tar = path.join(layout, `${platform}.tar`);
  await unpackDebian(mmdebstrap, DEBIAN_ARCHITECTURES[platform], tar);
  const packed = `${tar}.gz`;
  await pipeline(createReadStream(tar), createGzip({ level: 1 }), createWriteStream(packed));
  const layer = {
    mediaType: `${MEDIA}.layer.v1.tar+gzip`,
    digest: await digestOf(packed),
    size: (await stat(packed)).size,
  };
  await rename(packed, blobPath(layout, layer.digest));
  const { os: system, architecture, variant } = ociPlatforms[platform];
  const target = { os: system, architecture, ...(variant === undefined ? {} : { variant }) };
  const rootfs = { type: 'layers', diff_ids: [await digestOf(tar)] };
  await rm(tar);
  const config = await addJson(layout, `${MEDIA}.config.v1+json`, { ...target, config: {}, rootfs, history: [] });
  const mediaType = `${MEDIA}.manifest.v1+json`;
  const manifest = await addJson(layout, mediaType, { schemaVersion: 2, mediaType, config, layers: [layer] });
  return { ...manifest, platform: target };
}

/** Only the main suite, from the mirror that this machine uses itself. */
async function unpackDebian(mmdebstrap: string, architecture: string, tar: string): Promise<void> {
  const release = /^VERSION_CODENAME=(.+)$/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1] ?? 'stable';
  const format = '$(REPO_URI) $(CODENAME)';
  const { stdout } = await run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']);
  const mirror = stdout
    .split('\n')
    .find((line) => line.endsWith(` ${release}`))
    ?.split(' ')[0];
  const bundle = 'cat "$1"/usr/share/ca-certificates/mozilla/*.crt > "$1"/etc/ssl/certs/ca-certificates.crt';
  const prune = 'rm -rf "$1"/usr/share/doc "$1"/usr/share/man "$1"/usr/share/locale';
  // as base-files does when it is configured; a Docker Engine makes folders that no layer has for root alone
  const local = 'mkdir -p "$1"/usr/local/bin';
  await run(mmdebstrap, [
    '--mode=root',
    '--variant=extract',
    '--skip=output/dev',
    `--architectures=${architecture}`,
    `--include=${PACKAGES.join(',')}`,
    `--extract-hook=${bundle}; ${prune}; ${local}`,
    release,
    tar,
    ...(mirror === undefined ? [] : [`deb ${mirror} ${release} main`]),
  ]);
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return `sha256:${hash.digest('hex')}`;
}

async function addJson(layout: string, mediaType: string, value: object): Promise<Descriptor> {
  const bytes = Buffer.from(JSON.stringify(value));
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  await writeFile(blobPath(layout, digest), bytes);
  return { mediaType, digest, size: bytes.length };
}

function blobPath(layout: string, digest: string): string {
  return path.join(layout, 'blobs', digest.replace(':', '/'));
}

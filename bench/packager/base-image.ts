import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { makeBaseImage } from '../../test/support/base-image.ts';

const run = promisify(execFile);

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  annotations?: Record<string, string>;
  platform?: { architecture: string };
}

/**
 * A base image of Debian for three platforms. For amd64, on which the plain Dockerfile is built, it has Node.js, npm and this
 * machine's certificates as well; the others are not run here.
 *
 * @param layout the folder of the image layout to make
 */
export async function addBaseImage(layout: string, name: string): Promise<void> {
  const plain = await makeBaseImage('mmdebstrap', ['amd64', 'arm64v8', 'arm32v7']);
  await cp(plain.replace(/^oci:/, '').replace(/:[^:/]*$/, ''), layout, { recursive: true });
  const outer = (await readJson(path.join(layout, 'index.json'))) as { manifests: Descriptor[] };
  const [root] = outer.manifests;
  if (root === undefined) throw new TypeError('the base image has no index');
  const index = (await readBlob(layout, root)) as { manifests: Descriptor[] };
  const place = index.manifests.findIndex((one) => one.platform?.architecture === 'amd64');
  const entry = index.manifests[place];
  if (entry === undefined) throw new TypeError('the base image is not for amd64');
  const manifest = (await readBlob(layout, entry)) as { config: Descriptor; layers: Descriptor[] };
  const config = (await readBlob(layout, manifest.config)) as { rootfs: { diff_ids: string[] } };
  const { layer, diffId } = await nodeLayer(layout);
  manifest.layers.push(layer);
  config.rootfs.diff_ids.push(diffId);
  Object.assign(manifest.config, await addJson(layout, config));
  Object.assign(entry, await addJson(layout, manifest));
  Object.assign(root, await addJson(layout, index), {
    annotations: { 'org.opencontainers.image.ref.name': name },
  });
  await writeFile(path.join(layout, 'index.json'), JSON.stringify(outer));
}

async function nodeLayer(layout: string): Promise<{ layer: Descriptor; diffId: string }> {
  const stage = path.join(layout, 'stage');
  await mkdir(path.join(stage, 'usr/local/bin'), { recursive: true });
  await mkdir(path.join(stage, 'etc/ssl/certs'), { recursive: true });
  await cp(process.execPath, path.join(stage, 'usr/local/bin/node'));
  const { stdout } = await run('npm', ['root', '--global']);
  await cp(path.join(stdout.trim(), 'npm'), path.join(stage, 'usr/local/lib/npm'), { recursive: true });
  const certificates = 'etc/ssl/certs/ca-certificates.crt';
  await cp(`/${certificates}`, path.join(stage, certificates));
  const file = path.join(layout, 'node.tar.gz');
  await run('tar', ['-czf', file, '-C', stage, 'usr', 'etc']);
  await rm(stage, { recursive: true });
  const packed = await readFile(file);
  const digest = digestOf(packed);
  await rename(file, blobFile(layout, digest));
  const mediaType = 'application/vnd.oci.image.layer.v1.tar+gzip';
  const { size } = await stat(blobFile(layout, digest));
  return { layer: { mediaType, digest, size }, diffId: digestOf(gunzipSync(packed)) };
}

async function addJson(layout: string, value: object): Promise<{ digest: string; size: number }> {
  const bytes = Buffer.from(JSON.stringify(value));
  await writeFile(blobFile(layout, digestOf(bytes)), bytes);
  return { digest: digestOf(bytes), size: bytes.length };
}

async function readBlob(layout: string, { digest }: Descriptor): Promise<unknown> {
  return await readJson(blobFile(layout, digest));
}

async function readJson(file: string): Promise<unknown> {
  return JSON.parse(await readFile(file, 'utf8')) as unknown;
}

function blobFile(layout: string, digest: string): string {
  return path.join(layout, 'blobs', digest.replace(':', '/'));
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

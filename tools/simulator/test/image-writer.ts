import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

export interface TestImage {
  /** `NAME:TAG`. */
  readonly reference: string;
  /** Texts by their paths in the image. */
  readonly files: Readonly<Record<string, string>>;
  readonly config: Readonly<Record<string, unknown>>;
  readonly architecture?: string;
}

/** Adds an image of one layer to an OCI image layout, which is made when it is not there. */
export async function writeImage(directory: string, image: TestImage): Promise<{ digest: string }> {
  await mkdir(path.join(directory, 'blobs', 'sha256'), { recursive: true });
  const tar = pack();
  for (const [name, text] of Object.entries(image.files)) tar.entry({ name, mode: 0o755 }, text);
  tar.finalize();
  const layer = await buffer(tar);
  const blob = async (mediaType: string, bytes: Buffer) => {
    const digest = digestOf(bytes);
    await writeFile(path.join(directory, 'blobs', 'sha256', digest.slice(7)), bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const json = async (mediaType: string, value: object) => await blob(mediaType, Buffer.from(JSON.stringify(value)));
  const architecture = image.architecture ?? (process.arch === 'x64' ? 'amd64' : process.arch);
  const config = await json('application/vnd.oci.image.config.v1+json', {
    os: 'linux',
    architecture,
    config: image.config,
    rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
  });
  const manifest = await json('application/vnd.oci.image.manifest.v1+json', {
    schemaVersion: 2,
    config,
    layers: [await blob('application/vnd.oci.image.layer.v1.tar+gzip', gzipSync(layer))],
  });
  const indexFile = path.join(directory, 'index.json');
  const text = await readFile(indexFile, 'utf8').catch(() => '{"manifests":[]}');
  const index = JSON.parse(text) as { manifests: { annotations?: Record<string, string> }[] };
  const kept = index.manifests.filter(
    ({ annotations }) => annotations?.['org.opencontainers.image.ref.name'] !== image.reference,
  );
  const entry = {
    ...manifest,
    platform: { os: 'linux', architecture },
    annotations: { 'org.opencontainers.image.ref.name': image.reference },
  };
  await writeFile(indexFile, JSON.stringify({ schemaVersion: 2, manifests: [...kept, entry] }));
  return { digest: manifest.digest };
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

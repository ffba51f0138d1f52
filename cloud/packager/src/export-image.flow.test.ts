import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeImageLayout } from '../../../test/support/make-image-layout.ts';
import { need } from '../../../test/support/need.ts';
import { exportImage } from './export-image.ts';
import type { ExportedImage, ExportImageOptions } from './export-image.ts';
import { listImages } from './list-images.ts';

const run = promisify(execFile);
const name = `edgewright-export-${Date.now()}:1`;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'edgewright-export-'));
  await makeImageLayout(path.join(folder, 'images'), [
    {
      name,
      platforms: [
        { architecture: 'amd64', layers: [{ 'etc/hello': 'intel' }], config: { Cmd: ['/bin/hello'] } },
        { architecture: 'arm64', variant: 'v8', layers: [{ 'etc/hello': 'arm' }] },
      ],
    },
  ]);
});

afterAll(() => rm(folder, { recursive: true }));

async function exportTo(target: string, more: Partial<ExportImageOptions> = {}): Promise<ExportedImage> {
  const layoutDirectory = path.join(folder, 'images');
  return await exportImage({ layoutDirectory, image: name, target, directory: folder, architecture: 'x64', ...more });
}

/** The platform of the engine is chosen by itself where the image has it. */
async function inspect(
  docker: Docker,
  image: string,
): Promise<{ Id: string; RepoTags: string[]; Architecture: string }> {
  return await docker.getImage(image).inspect();
}

describe('exportImage', () => {
  it('writes all platforms to another layout', async () => {
    const exported = await exportTo('oci:other:copied');
    const [image] = await listImages(path.join(folder, 'other'));
    expect(image).toMatchObject({ reference: 'copied', digest: exported.digest });
    expect(image?.platforms).toHaveLength(2);
  });

  it('wants a platform where it cannot choose one, and one that the image has', async () => {
    await expect(exportTo('docker-archive:a.tar', { architecture: 'riscv64' })).rejects.toThrow(
      'name one with --platform',
    );
    await expect(exportTo('docker-archive:a.tar', { platform: 'arm32v7' })).rejects.toThrow('it is for amd64, arm64v8');
    await expect(exportTo('docker-archive:')).rejects.toThrow('expected docker-archive:FILE');
    await expect(exportTo('docker-archive:no/such/folder/a.tar')).rejects.toMatchObject({ code: 'LayoutUnusable' });
  });

  it('says that no engine answers', async () => {
    const engine = { socketPath: path.join(folder, 'none.sock') };
    await expect(exportTo('docker-daemon:', { engine })).rejects.toMatchObject({ code: 'DockerFailed' });
  });

  it('writes an archive that skopeo reads', async (context) => {
    const { executable } = await need(context, 'skopeo');
    const { digest } = await exportTo('docker-archive:it.tar', { platform: 'arm64v8' });
    const { stdout } = await run(executable, ['inspect', '--config', '--raw', `docker-archive:${folder}/it.tar`]);
    expect(JSON.parse(stdout)).toMatchObject({ architecture: 'arm64', os: 'linux' });
    const asOci = await run(executable, ['inspect', '--raw', `oci-archive:${folder}/it.tar`]);
    expect(JSON.parse(asOci.stdout)).toMatchObject({ config: { digest } });
  });

  it('gives an engine the image, and an archive that docker load takes', async (context) => {
    const { socketPath } = await need(context, 'docker');
    const docker = new Docker({ socketPath });
    const direct = await exportTo('docker-daemon:', { engine: { socketPath } });
    const loaded = await inspect(docker, name);
    expect(loaded).toMatchObject({ Id: direct.digest, RepoTags: [name] });
    await docker.getImage(name).remove();
    const { digest } = await exportTo('docker-archive:load.tar', { platform: 'arm64v8' });
    const answer: NodeJS.ReadableStream = await docker.loadImage(createReadStream(path.join(folder, 'load.tar')));
    await new Promise((resolve, reject) => {
      docker.modem.followProgress(answer, (error) => (error === null ? resolve(undefined) : reject(error)));
    });
    expect(await inspect(docker, name)).toMatchObject({ Id: digest, Architecture: 'arm64' });
    await docker.getImage(name).remove();
  });
});

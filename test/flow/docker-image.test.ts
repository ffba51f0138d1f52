import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ociPlatforms } from '@edgewright/contract';
import type { Platform } from '@edgewright/contract';
import { openModelRegistry } from '@edgewright/models';
import { buildImage, pushImage } from '@edgewright/packager';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ridgeToOnnx } from '../../examples/diabetes/ridge-onnx.ts';
import { fitRidge } from '../../examples/diabetes/ridge.ts';
import { readDiabetesTable } from '../../examples/diabetes/table.ts';
import { makeBaseImage, sharedBuildCache } from '../support/base-image.ts';
import { need } from '../support/need.ts';
import { freePort } from '../support/free-port.ts';

const example = fileURLToPath(new URL('../../examples/diabetes', import.meta.url));
/** scikit-learn's figures for the two sample vectors of Azure ML's tutorial. */
const ascending = { data: [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]], expected: 5215.1803 };
const descending = { data: [[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]], expected: 3727.0253 };

const platforms = ['amd64', 'arm64v8', 'arm32v7'] as const;
const tag = 'edgewright-test/diabetes:1';

let folder = '';
let packaged: Promise<string> | undefined;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'edgewright-docker-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Trains, registers and packages the example for all platforms, on a base image of Debian. @returns the layout */
async function packageExample(mmdebstrap: string): Promise<string> {
  await using registry = await openModelRegistry(path.join(folder, 'models'));
  const file = path.join(folder, 'diabetes.onnx');
  await writeFile(file, ridgeToOnnx(fitRidge((await readDiabetesTable()).train, 0.4)));
  const model = await registry.register({ name: 'diabetes', path: file });
  const layoutDirectory = path.join(folder, 'images');
  await buildImage({
    models: [{ model, directory: await registry.directoryOf(model) }],
    config: { entryScript: 'score.ts', baseImage: await makeBaseImage(mmdebstrap, platforms), nodeRuntime: 'bundled' },
    configDirectory: example,
    layoutDirectory,
    cacheDirectory: sharedBuildCache(),
    tag,
  });
  return layoutDirectory;
}

/** Starts an image as a careful operator would: nothing writable, no rights. Stops and removes it at the end. */
async function startContainer(
  docker: Docker,
  image: string,
  binds: string[],
): Promise<{ url: string } & AsyncDisposable> {
  const port = await freePort();
  const container = await docker.createContainer({
    Image: image,
    Env: [`PORT=${port}`, 'EDGEWRIGHT_HTTP_HOST=127.0.0.1'],
    HostConfig: {
      NetworkMode: 'host',
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Memory: 1024 ** 3,
      Binds: binds,
    },
  });
  const close = async (): Promise<void> => container.remove({ force: true, v: true });
  try {
    await container.start();
    const { Config } = await container.inspect();
    expect(Config.User).toBe('1000');
    await untilHealthy(container, `http://127.0.0.1:${port}/`);
  } catch (error) {
    await close();
    throw error;
  }
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: close };
}

/**
 * qemu-user before 8.1 shows programs the host's /proc/cpuinfo; onnxruntime's reader of it crashes on an arm64 processor
 * that describes itself as an x86 one. So an emulated container gets what a Cortex-A53 says.
 */
async function processorOf(platform: Platform): Promise<string[]> {
  if (platform !== 'arm64v8' || process.arch === 'arm64') return [];
  const lines = [
    'processor\t: 0',
    'Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid',
    'CPU implementer\t: 0x41',
    'CPU architecture: 8',
    'CPU variant\t: 0x0',
    'CPU part\t: 0xd03',
    'CPU revision\t: 4',
  ];
  const file = path.join(folder, 'cpuinfo');
  await writeFile(file, `${lines.join('\n')}\n\n`);
  return [`${file}:/proc/cpuinfo:ro`];
}

async function untilHealthy(container: Docker.Container, url: string): Promise<void> {
  for (;;) {
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) }).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.ok === true) return;
    const { State } = await container.inspect();
    if (!State.Running) {
      const log = (await container.logs({ stdout: true, stderr: true })).toString();
      throw new TypeError(`the container ended with code ${State.ExitCode}: ${log}`);
    }
    await sleep(200);
  }
}

async function score(url: string, data: number[][]): Promise<number> {
  const response = await fetch(`${url}/score`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ data }),
  });
  expect(response.status).toBe(200);
  const { predictions } = (await response.json()) as { predictions: number[] };
  return predictions[0] ?? Number.NaN;
}

describe.each([
  ['amd64', undefined],
  ['arm64v8', 'qemu-arm64'],
  ['arm32v7', 'qemu-arm'],
] as const)('the %s image', (platform, emulation) => {
  it(
    'starts in a Docker Engine without rights and scores as scikit-learn does',
    { timeout: 600_000 },
    async (context) => {
      const { socketPath } = await need(context, 'docker');
      const { host } = await need(context, 'registry');
      const { executable } = await need(context, 'mmdebstrap');
      if (emulation !== undefined) await need(context, emulation);
      packaged ??= packageExample(executable);
      const target = `${host}/${tag}`;
      // what is there already is not sent again
      await pushImage({ layoutDirectory: await packaged, image: tag, target });
      const docker = new Docker({ socketPath });
      const { architecture, variant } = ociPlatforms[platform];
      const pulling = await docker.pull(target, {
        platform: ['linux', architecture, variant].filter(Boolean).join('/'),
      });
      await new Promise<void>((resolve, reject) => {
        docker.modem.followProgress(pulling, (error) => (error === null ? resolve() : reject(error)));
      });
      const { Architecture } = await docker.getImage(target).inspect();
      expect(Architecture).toBe(architecture);
      await using container = await startContainer(docker, target, await processorOf(platform));
      for (const { data, expected } of [ascending, descending]) {
        expect(Math.abs((await score(container.url, data)) / expected - 1)).toBeLessThan(1e-5);
      }
    },
  );
});

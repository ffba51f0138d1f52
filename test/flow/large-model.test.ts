import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { DockerRegistry } from '../support/docker-registry.ts';
import { makeImageLayout } from '../support/make-image-layout.ts';
import { need } from '../support/need.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const MEBIBYTE = 2 ** 20;

it('a large model is pushed and pulled in as little memory as a small one', { timeout: 300_000 }, async (context) => {
  const registry = await DockerRegistry.start(await need(context, 'docker-registry'));
  onTestFinished(() => registry[Symbol.asyncDispose]());
  const folder = await mkdtemp(path.join(os.tmpdir(), 'edgewright-large-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const peakOf = async (sizeBytes: number): Promise<number> => {
    const layout = path.join(folder, `images-${sizeBytes}`);
    await makeImageLayout(layout, [
      { name: 'a/b:1', platforms: [{ architecture: 'amd64', layers: [], largeLayerBytes: sizeBytes }] },
    ]);
    const program = path.join(root, 'test/support/push-and-pull-main.ts');
    const words = [layout, 'a/b:1', `${registry.host}/a/b-${sizeBytes}:1`, path.join(folder, `pulled-${sizeBytes}`)];
    const node = ['--conditions=edgewright-source', '--disable-warning=ExperimentalWarning'];
    const { stdout } = await run(process.execPath, [...node, program, ...words], { cwd: root });
    return Number(stdout);
  };
  const small = await peakOf(MEBIBYTE);
  // four chunks of 8 MiB may be on their way, once in each direction, and the collector has its own mind
  expect((await peakOf(256 * MEBIBYTE)) - small).toBeLessThan(128 * MEBIBYTE);
});

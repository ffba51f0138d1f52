import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { makeImageLayout } from '../../../test/support/make-image-layout.ts';
import { pushLayout } from '../../../test/support/push-layout.ts';
import { TestRegistry } from '../../../test/support/test-registry.ts';
import { remoteImageLayers } from './remote-image-layers.ts';

it('reads layers of an image for a platform from the manifests of its registry', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'edgewright-layers-'));
  onTestFinished(async () => await rm(directory, { recursive: true, force: true }));
  await using registry = await TestRegistry.start();
  const host = registry.host;
  const platforms = [
    { architecture: 'amd64', layers: [{ 'etc/base': 'amd64' }, { 'model.onnx': 'model' }], roles: ['base', 'model'] },
    { architecture: 'arm64', layers: [{ 'etc/base': 'arm64' }, { 'model.onnx': 'model' }] },
  ];
  await makeImageLayout(directory, [{ name: 'scorer:1', platforms }]);
  await pushLayout(directory, 'scorer:1', host);
  const amd64 = await remoteImageLayers(`${host}/scorer:1`, 'amd64');
  expect(amd64?.map(({ role }) => role)).toEqual(['base', 'model']);
  expect(amd64?.every(({ digest, sizeBytes }) => /^sha256:[0-9a-f]{64}$/.test(digest) && sizeBytes > 20)).toBe(true);
  const arm64 = await remoteImageLayers(`${host}/scorer:1`, 'arm64v8');
  expect(arm64?.map(({ digest }) => digest)[1]).toBe(amd64?.[1]?.digest);
  expect(arm64?.[0]?.digest).not.toBe(amd64?.[0]?.digest);
  expect(await remoteImageLayers(`${host}/scorer:1`, 'arm32v7')).toBeUndefined();
  expect(await remoteImageLayers(`${host}/scorer:2`, 'amd64')).toBeUndefined();
  expect(await remoteImageLayers('scorer:1', 'amd64')).toBeUndefined();
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ociMediaTypes } from '@edgewright/contract';
import { expect, it, onTestFinished } from 'vitest';
import { makeImageLayout } from '../../../test/support/make-image-layout.ts';
import { TestRegistry } from '../../../test/support/test-registry.ts';
import { listImages } from './list-images.ts';
import { pullImage } from './pull-image.ts';
import { pushImage } from './push-image.ts';

it.each(['application/vnd.oci.image.manifest.v1+json', 'application/vnd.docker.distribution.manifest.v2+json'])(
  'pulls an image that its registry keeps without an index, as %s',
  async (type) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-index-of-one-'));
    const registry = await TestRegistry.start();
    onTestFinished(async () => {
      await registry[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    });
    const layoutDirectory = path.join(folder, 'images');
    const platforms = [{ architecture: 'arm64', variant: 'v8', layers: [{ 'a.txt': 'a' }] }];
    await makeImageLayout(layoutDirectory, [{ name: 'filter:1', platforms }]);
    const reference = `${registry.host}/filter:1`;
    await pushImage({ layoutDirectory, image: 'filter:1', target: reference });
    const manifests = registry.manifests.get('filter');
    const found = [...(manifests ?? [])].find(([, stored]) => stored.type === ociMediaTypes.manifest);
    const [digest = '', { bytes } = { bytes: Buffer.alloc(0) }] = found ?? [];
    manifests?.set('1', { bytes, type });
    const pulled = await pullImage({ reference, layoutDirectory: path.join(folder, 'pulled') });
    expect(pulled.digest).not.toBe(digest);
    expect(pulled.platforms).toMatchObject([{ platform: 'arm64v8', digest }]);
    expect(await listImages(path.join(folder, 'pulled'))).toEqual([pulled]);
  },
);

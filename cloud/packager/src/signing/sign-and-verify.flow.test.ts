import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DockerRegistry } from '../../../../test/support/docker-registry.ts';
import { makeImageLayout } from '../../../../test/support/make-image-layout.ts';
import { need } from '../../../../test/support/need.ts';
import { TestRegistry } from '../../../../test/support/test-registry.ts';
import { deleteImage } from '../delete-image.ts';
import { findImage, showImage } from '../list-images.ts';
import { pullImage } from '../pull-image.ts';
import { pushImage } from '../push-image.ts';
import { createKeyPair } from './signing-key.ts';
import { signImage } from './sign-image.ts';
import { verifyImage } from './verify-image.ts';

const run = promisify(execFile);
const keys = createKeyPair();
const others = createKeyPair();

interface Setup {
  readonly folder: string;
  readonly images: string;
  readonly sign: (privateKey: string, passphrase?: string) => ReturnType<typeof signImage>;
  readonly verify: (publicKey?: string) => ReturnType<typeof verifyImage>;
}

async function createSetup(): Promise<Setup> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-sign-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const images = path.join(folder, 'images');
  const roles = [{ role: 'model', files: { model: 'weights' } }] as const;
  await makeImageLayout(images, [
    {
      name: 'a/b:1',
      platforms: [
        { architecture: 'amd64', layers: [{ app: 'x' }, roles[0].files], roles: ['app', 'model'] },
        { architecture: 'arm64', variant: 'v8', layers: [{ app: 'y' }, roles[0].files], roles: ['app', 'model'] },
      ],
    },
  ]);
  const layoutDirectory = images;
  return {
    folder,
    images,
    sign: (privateKey, passphrase) =>
      signImage({ layoutDirectory, image: 'a/b:1', privateKey, ...(passphrase === undefined ? {} : { passphrase }) }),
    verify: (publicKey) =>
      verifyImage({ layoutDirectory, image: 'a/b:1', ...(publicKey === undefined ? {} : { publicKey }) }),
  };
}

describe('the signature of an image', () => {
  it('is taken for what it is: by one key, for one image and its models', async () => {
    const { sign, verify } = await createSetup();
    await expect(verify(keys.publicKey)).rejects.toThrow('it has no signature');
    const signed = await sign(keys.privateKey);
    expect(signed.models).toHaveLength(1);
    expect(await verify(keys.publicKey)).toMatchObject({ keyId: signed.keyId, rebuilt: false, blobs: 8 });
    await expect(verify(others.publicKey)).rejects.toMatchObject({ code: 'ImageNotVerified' });
    await sign(others.privateKey);
    await sign(keys.privateKey);
    expect((await verify(others.publicKey)).keyId).not.toBe(signed.keyId);
    expect((await verify(keys.publicKey)).keyId).toBe(signed.keyId);
  });

  it('does not hold for other bytes', async () => {
    const { images, sign, verify } = await createSetup();
    const { models } = await sign(keys.privateKey);
    await writeFile(path.join(images, 'blobs', (models[0] ?? '').replace(':', '/')), 'other weights');
    await expect(verify(keys.publicKey)).rejects.toThrow('has the digest');
  });

  it('is one to openssl, over a payload in the form of cosign', async (context) => {
    const { executable } = await need(context, 'openssl');
    const { folder, images, sign } = await createSetup();
    const { digest } = await sign(keys.privateKey);
    const { layout } = await findImage(images, 'a/b:1');
    const { manifests } = await layout.readIndex();
    const type = 'application/vnd.dev.cosign.artifact.sig.v1+json';
    const artifact = manifests.find((entry) => entry.artifactType === type);
    const manifest = JSON.parse(await readFile(layout.blobFile(artifact?.digest ?? ''), 'utf8')) as {
      layers: { digest: string; annotations: Record<string, string> }[];
    };
    const [layer] = manifest.layers;
    const payload = layout.blobFile(layer?.digest ?? '');
    expect(JSON.parse(await readFile(payload, 'utf8'))).toEqual({
      critical: {
        identity: { 'docker-reference': 'a/b' },
        image: { 'docker-manifest-digest': digest },
        type: 'cosign container image signature',
      },
      optional: null,
    });
    const signature = Buffer.from(layer?.annotations['dev.cosignproject.cosign/signature'] ?? '', 'base64');
    await writeFile(path.join(folder, 'signature'), signature);
    await writeFile(path.join(folder, 'key.pub'), keys.publicKey);
    const words = ['dgst', '-sha256', '-verify', `${folder}/key.pub`, '-signature', `${folder}/signature`, payload];
    expect((await run(executable, words)).stdout.trim()).toBe('Verified OK');
  });

  it('of a model file is the one that a device asks for, and openssl makes the same', async (context) => {
    const { executable } = await need(context, 'openssl');
    const { folder, sign } = await createSetup();
    const sha256 = createHash('sha256').update('weights').digest('hex');
    const { files } = await sign(keys.privateKey);
    expect(files).toEqual([{ path: 'model', sha256, signature: expect.any(String) as string }]);
    expect((await sign(keys.privateKey)).files).toEqual(files);
    await writeFile(path.join(folder, 'digest'), Buffer.from(sha256, 'hex'));
    await writeFile(path.join(folder, 'signature'), Buffer.from(files[0]?.signature ?? '', 'base64'));
    await writeFile(path.join(folder, 'key.pub'), keys.publicKey);
    const words = ['dgst', '-sha256', '-verify', `${folder}/key.pub`, '-signature', `${folder}/signature`];
    expect((await run(executable, [...words, `${folder}/digest`])).stdout.trim()).toBe('Verified OK');
  });

  it('is made with keys of openssl as well, and refuses other kinds', async (context) => {
    const { executable } = await need(context, 'openssl');
    const { sign, verify } = await createSetup();
    const make = async (...words: string[]): Promise<string> => (await run(executable, ['genpkey', ...words])).stdout;
    const pem = await make('-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256');
    await sign(pem);
    expect((await verify(pem)).keyId).toMatch(/^sha256:/);
    await expect(sign(await make('-algorithm', 'RSA'))).rejects.toThrow('expected an ECDSA key on the curve P-256');
    await expect(sign('no key')).rejects.toMatchObject({ code: 'KeyInvalid' });
    const locked = createKeyPair('open sesame');
    await expect(sign(locked.privateKey)).rejects.toThrow('the passphrase is not given');
    await expect(sign(locked.privateKey, 'wrong')).rejects.toThrow('not the right one');
    await sign(locked.privateKey, 'open sesame');
    expect((await verify(locked.publicKey)).digest).toMatch(/^sha256:/);
  });

  it.each(['without referrers', 'with referrers'])('goes with the image through a registry %s', async (kind) => {
    const { folder, images, sign } = await createSetup();
    await using registry = await TestRegistry.start({ referrers: kind === 'with referrers' });
    const target = `${registry.host}/a/b:1`;
    const push = (): ReturnType<typeof pushImage> => pushImage({ layoutDirectory: images, image: 'a/b:1', target });
    await push();
    await sign(keys.privateKey);
    await push();
    const layoutDirectory = path.join(folder, 'pulled');
    await pullImage({ reference: target, layoutDirectory });
    const verified = await verifyImage({ layoutDirectory, image: target, publicKey: keys.publicKey });
    expect(verified.keyId).toMatch(/^sha256:/);
    await sign(others.privateKey);
    await push();
    await pullImage({ reference: target, layoutDirectory });
    for (const { publicKey } of [keys, others]) await verifyImage({ layoutDirectory, image: target, publicKey });
    await deleteImage(layoutDirectory, target);
    expect(JSON.parse(await readFile(path.join(layoutDirectory, 'index.json'), 'utf8'))).toMatchObject({
      manifests: [],
    });
  });

  it('stands under the tag where cosign looks, in a real registry, beside those of others', async (context) => {
    const registry = await DockerRegistry.start(await need(context, 'docker-registry'));
    onTestFinished(() => registry[Symbol.asyncDispose]());
    const { folder, images, sign } = await createSetup();
    const { digest } = await sign(keys.privateKey);
    const target = `${registry.host}/a/b:1`;
    await pushImage({ layoutDirectory: images, image: 'a/b:1', target });
    // another machine, which never saw the first signature
    const elsewhere = await createSetup();
    await elsewhere.sign(others.privateKey);
    await pushImage({ layoutDirectory: elsewhere.images, image: 'a/b:1', target });
    // of the index, where cosign looks, and of each platform's manifest, where engines with a policy do
    const { platforms } = await showImage(images, 'a/b:1');
    for (const signed of [digest, ...platforms.map((platform) => platform.digest)]) {
      const response = await fetch(`http://${registry.host}/v2/a/b/manifests/${signed.replace(':', '-')}.sig`, {
        headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
      });
      expect(await response.json()).toMatchObject({
        config: { mediaType: 'application/vnd.oci.image.config.v1+json' },
        layers: [keys, others].map(() => ({ mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json' })),
      });
    }
    const layoutDirectory = path.join(folder, 'pulled');
    await pullImage({ reference: target, layoutDirectory });
    for (const { publicKey } of [keys, others]) {
      const verified = await verifyImage({ layoutDirectory, image: target, publicKey });
      expect(verified.digest).toBe(digest);
    }
  });
});

import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { TestContext } from 'vitest';
import { CuttingProxy } from '../../../../test/support/cutting-proxy.ts';
import { DockerRegistry } from '../../../../test/support/docker-registry.ts';
import type { DockerRegistryOptions } from '../../../../test/support/docker-registry.ts';
import { makeImageLayout } from '../../../../test/support/make-image-layout.ts';
import { RefusingProxy } from '../../../../test/support/refusing-proxy.ts';
import { need } from '../../../../test/support/need.ts';
import { createTestCertificate } from '../../../../test/support/test-certificate.ts';
import { pullImage } from '../pull-image.ts';
import { pushImage } from '../push-image.ts';
import type { PushedImage, PushImageOptions } from '../push-image.ts';

const run = promisify(execFile);
/** The password is "secret"; as `htpasswd -nbB` writes it, with bcrypt's lowest cost. */
const HTPASSWD = 'me:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a';
const credentials = { username: 'me', password: 'secret' };

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-registry-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

interface Setup {
  readonly folder: string;
  readonly host: string;
  readonly push: (options?: Partial<PushImageOptions>) => Promise<PushedImage>;
}

async function createSetup(
  context: TestContext,
  options: Omit<DockerRegistryOptions, 'executable'> & { readonly layerBytes?: number } = {},
): Promise<Setup> {
  const { executable } = await need(context, 'docker-registry');
  const folder = await makeFolder();
  const registry = await DockerRegistry.start({ executable, ...options });
  onTestFinished(() => registry[Symbol.asyncDispose]());
  const shared = { 'model/weights': randomBytes((options.layerBytes ?? 400_000) / 2).toString('hex') };
  await makeImageLayout(path.join(folder, 'images'), [
    {
      name: 'a/b:1',
      platforms: [
        { architecture: 'amd64', layers: [{ runtime: 'intel' }, shared] },
        { architecture: 'arm64', variant: 'v8', layers: [{ runtime: 'arm' }, shared] },
      ],
    },
  ]);
  const push = async (more: Partial<PushImageOptions> = {}): Promise<PushedImage> =>
    await pushImage({
      layoutDirectory: path.join(folder, 'images'),
      image: 'a/b:1',
      target: `${registry.host}/a/b:1`,
      registry: { retryDelayMs: 10 },
      chunkBytes: 50_000,
      ...more,
    });
  return { folder, host: registry.host, push };
}

describe('a real registry', () => {
  it('takes an image in chunks and gives it back, and mounts it elsewhere', async (context) => {
    const { folder, host, push } = await createSetup(context);
    const pushed = await push();
    expect(pushed.uploadedBytes).toBe(pushed.blobs.reduce((sum, blob) => sum + blob.sizeBytes, 0));
    const pulled = await pullImage({ reference: pushed.reference, layoutDirectory: path.join(folder, 'pulled') });
    expect(pulled.digest).toBe(pushed.digest);
    const mounted = await push({ target: `${host}/elsewhere:1`, mountFrom: ['no/such', 'a/b'] });
    expect(new Set(mounted.blobs.map((blob) => blob.outcome))).toEqual(new Set(['mounted']));
    expect((await push()).blobs).toEqual([]);
  });

  it('asks for a password and speaks TLS', async (context) => {
    const tls = await createTestCertificate();
    const { folder, host, push } = await createSetup(context, { htpasswd: HTPASSWD, tls });
    const caFile = path.join(folder, 'ca.pem');
    await writeFile(caFile, tls.certificate);
    const registry = { plainHttp: false, caFile, retryDelayMs: 10, attempts: 2 };
    await expect(push({ registry })).rejects.toMatchObject({ code: 'RegistryRefused' });
    await expect(
      push({ registry: { ...registry, credentials: { username: 'me', password: 'guess' } } }),
    ).rejects.toThrow('answers 401');
    const { caFile: _, ...untrusting } = registry;
    await expect(push({ registry: { ...untrusting, credentials } })).rejects.toThrow('self-signed certificate');
    const pushed = await push({ registry: { ...registry, credentials } });
    expect(pushed.uploadedBytes).toBeGreaterThan(400_000 / 2);
    const dockerConfigFile = path.join(folder, 'config.json');
    const auth = Buffer.from('me:secret').toString('base64');
    await writeFile(dockerConfigFile, JSON.stringify({ auths: { [host]: { auth } } }));
    const pulling = { reference: pushed.reference, layoutDirectory: path.join(folder, 'pulled') };
    const pulled = await pullImage({ ...pulling, registry: { ...registry, dockerConfigFile } });
    expect(pulled.digest).toBe(pushed.digest);
  });

  it('gets and gives the whole image over connections that are cut', async (context) => {
    const { folder, host, push } = await createSetup(context, { layerBytes: 2_000_000 });
    await using proxy = await CuttingProxy.start(host, { connections: 4, afterBytes: 330_000 });
    const pushed = await push({ target: `${proxy.host}/a/b:1` });
    expect(proxy.cuts).toBeGreaterThan(1);
    await using back = await CuttingProxy.start(host, { connections: 3, afterBytes: 330_000 });
    const pulled = await pullImage({
      reference: `${back.host}/a/b:1`,
      layoutDirectory: path.join(folder, 'pulled'),
      registry: { retryDelayMs: 10 },
    });
    expect(pulled.digest).toBe(pushed.digest);
    expect(back.cuts).toBe(3);
  });

  it('gets and gives the whole image although it has no time now and then, and fails', async (context) => {
    const { folder, host, push } = await createSetup(context);
    await using proxy = await RefusingProxy.start(host, [
      { status: 429, headers: { 'retry-after': '0' } },
      { status: 500 },
      { status: 503 },
    ]);
    const target = `${proxy.host}/a/b:1`;
    const pushed = await push({ target });
    const pulled = await pullImage({
      reference: target,
      layoutDirectory: path.join(folder, 'pulled'),
      registry: { retryDelayMs: 10 },
    });
    expect(pulled.digest).toBe(pushed.digest);
    for (const method of ['HEAD', 'POST', 'PATCH', 'PUT', 'GET']) {
      expect(proxy.refused.filter((one) => one.startsWith(method))).toEqual(
        [429, 500, 503].map((status) => `${method} ${status}`),
      );
    }
  });

  it('says so when its disk is full, and takes the image when there is room again', async (context) => {
    const storage = await smallDisk(context, 1);
    const { push } = await createSetup(context, { storage: path.join(storage, 'data'), layerBytes: 4_000_000 });
    const failing = push({ registry: { retryDelayMs: 1, attempts: 2 }, chunkBytes: 500_000 });
    await expect(failing).rejects.toMatchObject({ code: 'RegistryFailed' });
    await run('mount', ['-o', 'remount,size=64m', storage]);
    expect((await push()).digest).toMatch(/^sha256:/);
  });

  it('does not fill the disk with half an image when it is pulled', async (context) => {
    const { push } = await createSetup(context, { layerBytes: 4_000_000 });
    const pushed = await push({ chunkBytes: 4_000_000 });
    const layoutDirectory = path.join(await smallDisk(context, 1), 'pulled');
    await expect(pullImage({ reference: pushed.reference, layoutDirectory })).rejects.toMatchObject({
      code: 'LayoutUnusable',
    });
    expect(JSON.parse(await readFile(path.join(layoutDirectory, 'index.json'), 'utf8'))).toMatchObject({
      manifests: [],
    });
  });

  it('gives skopeo the same image', async (context) => {
    const { executable } = await need(context, 'skopeo');
    const { folder, push } = await createSetup(context);
    const pushed = await push();
    const plain = ['--tls-verify=false', `docker://${pushed.reference}`];
    const { stdout } = await run(executable, ['inspect', '--raw', ...plain]);
    const { manifests } = JSON.parse(stdout) as { manifests: { platform: { architecture: string } }[] };
    expect(manifests.map(({ platform }) => platform.architecture)).toEqual(['amd64', 'arm64']);
    const inspected = await run(executable, ['--override-arch=arm64', 'inspect', ...plain]);
    expect(JSON.parse(inspected.stdout)).toMatchObject({ Architecture: 'arm64', Os: 'linux' });
    const copy = path.join(folder, 'copy');
    await run(executable, [
      '--insecure-policy',
      'copy',
      '--all',
      '--src-tls-verify=false',
      `docker://${pushed.reference}`,
      `oci:${copy}:1`,
    ]);
    const index = JSON.parse(await readFile(path.join(copy, 'index.json'), 'utf8')) as {
      manifests: { digest: string }[];
    };
    expect(index.manifests.map(({ digest }) => digest)).toEqual([pushed.digest]);
  });
});

/** A file system of so many MiB in memory. */
async function smallDisk(context: TestContext, mebibytes: number): Promise<string> {
  const folder = path.join(await makeFolder(), 'disk');
  await mkdir(folder);
  const failure = await run('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', folder]).then(
    () => undefined,
    (error: unknown) => String(error),
  );
  if (failure !== undefined) context.skip(`needs to mount a tmpfs: ${failure}`);
  onTestFinished(async () => {
    await run('umount', ['-l', folder]);
  });
  return folder;
}

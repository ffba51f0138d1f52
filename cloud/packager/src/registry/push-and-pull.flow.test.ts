import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ProgressEvent } from '@edgewright/contract';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeImageLayout } from '../../../../test/support/make-image-layout.ts';
import { TestRegistry } from '../../../../test/support/test-registry.ts';
import type { RegistryFault, TestRegistryOptions } from '../../../../test/support/test-registry.ts';
import { PackagerError } from '../packager-error.ts';
import { pullImage } from '../pull-image.ts';
import { pushImage } from '../push-image.ts';
import type { PushedImage, PushImageOptions } from '../push-image.ts';
import type { RegistryOptions } from './registry-client.ts';

const quick = { retryDelayMs: 1 };

interface Setup {
  readonly folder: string;
  readonly registry: TestRegistry;
  readonly push: (options?: Partial<PushImageOptions>) => Promise<PushedImage>;
}

/** Bytes that gzip cannot make smaller, so that a layer has about this size. */
function noise(bytes: number): string {
  let seed = 7;
  return Array.from({ length: bytes }, () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return String.fromCodePoint(32 + (seed % 95));
  }).join('');
}

async function createSetup(options: TestRegistryOptions = {}): Promise<Setup> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-push-'));
  const registry = await TestRegistry.start(options);
  onTestFinished(async () => {
    await registry[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });
  const shared = { 'model/weights': noise(200_000) };
  await makeImageLayout(path.join(folder, 'images'), [
    {
      name: 'a/b:1',
      platforms: [
        { architecture: 'amd64', layers: [{ runtime: noise(50_000) }, shared] },
        { architecture: 'arm64', variant: 'v8', layers: [{ runtime: 'arm' }, shared] },
      ],
    },
  ]);
  const push = async (more: Partial<PushImageOptions> = {}): Promise<PushedImage> =>
    await pushImage({
      layoutDirectory: path.join(folder, 'images'),
      image: 'a/b:1',
      target: `${registry.host}/a/b:1`,
      registry: quick,
      chunkBytes: 30_000,
      ...more,
    });
  return { folder, registry, push };
}

async function failure(action: Promise<unknown>): Promise<PackagerError> {
  const error: unknown = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof PackagerError) return error;
  throw new TypeError(`expected a PackagerError, not ${String(error)}`, { cause: error });
}

describe('an image that is pushed and pulled', () => {
  it('arrives to the byte, and is not sent a second time', async () => {
    const { folder, registry, push } = await createSetup();
    const events: ProgressEvent[] = [];
    const pushed = await push({ emit: (event) => events.push(event) });
    expect(pushed.blobs.map((blob) => blob.outcome)).toEqual([
      'uploaded',
      'uploaded',
      'uploaded',
      'uploaded',
      'uploaded',
    ]);
    expect(pushed.uploadedBytes).toBe(pushed.blobs.reduce((sum, blob) => sum + blob.sizeBytes, 0));
    const progress = events.filter((event) => event.state === 'progress');
    expect(progress.length).toBeGreaterThan(5);
    expect(progress.every((event) => (event.completed ?? 0) <= (event.total ?? 0))).toBe(true);
    const pulled = await pullImage({ reference: pushed.reference, layoutDirectory: path.join(folder, 'pulled') });
    expect(pulled.digest).toBe(pushed.digest);
    expect(pulled.platforms.map((one) => one.platform)).toEqual(['amd64', 'arm64v8']);
    const names = await readdir(path.join(folder, 'images/blobs/sha256'));
    for (const name of names) {
      const bytes = await readFile(path.join(folder, 'pulled/blobs/sha256', name));
      expect(bytes.equals(await readFile(path.join(folder, 'images/blobs/sha256', name)))).toBe(true);
    }
    const before = registry.requests.length;
    expect((await push()).uploadedBytes).toBe(0);
    expect(registry.requests.length - before).toBe(1);
  });

  it('sends only what is new, and mounts what another repository has', async () => {
    const { registry, push } = await createSetup();
    await push();
    const again = await push({ target: `${registry.host}/a/b:2` });
    expect(new Set(again.blobs.map((blob) => blob.outcome))).toEqual(new Set(['present']));
    const other = await push({ target: `${registry.host}/c:1`, mountFrom: ['no/such', 'a/b'] });
    expect(new Set(other.blobs.map((blob) => blob.outcome))).toEqual(new Set(['mounted']));
    expect(other.uploadedBytes).toBe(0);
    expect([...(registry.manifests.get('c')?.keys() ?? [])]).toContain('1');
    const given = registry.requests.filter((one) => one.startsWith('DELETE /v2/c/blobs/uploads/'));
    expect(given).toHaveLength(5);
  });
});

/** Every upload has a path of its own, so what has happened is counted here. */
function forgetTwice(): TestRegistryOptions['fault'] {
  let left = 2;
  return ({ method, path: place }) => {
    if (method !== 'PATCH' || !place.includes('uploads') || left === 0) return undefined;
    left -= 1;
    return { forget: true };
  };
}

describe('a registry that fails for a moment', () => {
  const first = (method: string, part: string, fault: RegistryFault): TestRegistryOptions['fault'] => {
    return (request) =>
      request.method === method && request.path.includes(part) && request.count === 1 ? fault : undefined;
  };

  it.each<[string, TestRegistryOptions['fault']]>([
    ['answers 503 to everything once', ({ count }) => (count === 1 ? { status: 503 } : undefined)],
    ['is busy', first('POST', 'uploads', { status: 429, headers: { 'retry-after': '0' } })],
    ['cuts a chunk in the middle', first('PATCH', 'uploads', { cutRequestAfter: 10_000 })],
    ['does not take a chunk', first('PATCH', 'uploads', { status: 502 })],
    ['does not answer a chunk that it took', first('PATCH', 'uploads', { status: 502, afterwards: true })],
    ['does not answer the end of an upload', first('PUT', 'blobs/uploads', { status: 504, afterwards: true })],
    ['cuts a chunk after its first byte', first('PATCH', 'uploads', { cutRequestAfter: 1 })],
    ['forgets all uploads, twice', forgetTwice()],
    ['cuts the manifest', first('PUT', 'manifests', { cutRequestAfter: 1 })],
  ])('gets the whole image although it %s', async (_, fault) => {
    const { registry, push } = await createSetup(fault === undefined ? {} : { fault });
    const pushed = await push();
    expect(registry.manifests.get('a/b')?.has('1')).toBe(true);
    for (const { digest, sizeBytes } of pushed.blobs) {
      expect(registry.blobs.get('a/b')?.get(digest)?.length).toBe(sizeBytes);
    }
  });

  it('gives the whole image although it cuts every download twice', async () => {
    const { folder, registry, push } = await createSetup({
      fault: ({ method, path: place, count }) =>
        method === 'GET' && place.includes('/blobs/sha256') && count <= 2 ? { cutAnswerAfter: 10_000 } : undefined,
    });
    const { reference, digest } = await push();
    const pulled = await pullImage({ reference, layoutDirectory: path.join(folder, 'pulled'), registry: quick });
    expect(pulled.digest).toBe(digest);
    expect(
      registry.requests.filter((one) => one.startsWith('GET') && one.includes('/blobs/sha256')).length,
    ).toBeGreaterThan(8);
  });
});

describe('a registry that cannot be used', () => {
  it('fails in the end, with what it said', async () => {
    const { folder, push, registry } = await createSetup({ fault: () => ({ status: 500, body: '<h1>Oh no</h1>' }) });
    const error = await failure(push({ registry: { ...quick, attempts: 3 } }));
    expect(error).toMatchObject({ code: 'RegistryFailed', exitCode: 1, details: { status: 500 } });
    expect(error.message).toContain('answers 500: Internal Server Error');
    expect(registry.requests).toHaveLength(3);
    const reference = `${registry.host}/a/b:1`;
    const pulling = pullImage({
      reference,
      layoutDirectory: path.join(folder, 'pulled'),
      registry: { ...quick, attempts: 1 },
    });
    expect((await failure(pulling)).message).toContain('answers 500: <h1>Oh no</h1>');
  });

  it('is not asked again when it refuses', async () => {
    const body = '{"errors":[{"code":"DENIED","message":"quota exceeded"}]}';
    const { push, registry } = await createSetup({
      fault: ({ method }) => (method === 'POST' ? { status: 403, body } : undefined),
    });
    const error = await failure(push());
    expect(error).toMatchObject({ code: 'RegistryRefused', exitCode: 2 });
    expect(error.message).toContain('answers 403: DENIED quota exceeded');
    expect(registry.manifests.get('a/b')?.size ?? 0).toBe(0);
  });

  it('is named when nobody listens there', async () => {
    const { push } = await createSetup();
    const error = await failure(push({ target: '127.0.0.1:1/a/b:1', registry: { ...quick, attempts: 2 } }));
    expect(error.code).toBe('RegistryFailed');
    expect(error.message).toContain('"127.0.0.1:1" does not answer');
  });

  it('stops when it is told to', async () => {
    const { push } = await createSetup({ fault: () => ({ status: 503 }) });
    const stopped = push({ signal: AbortSignal.timeout(30), registry: { attempts: 20, retryDelayMs: 50 } });
    await expect(stopped).rejects.toThrow('abort');
  });

  it('does not have the image, or has something else', async () => {
    const { folder, registry, push } = await createSetup();
    const pull = (tag: string, registryOptions: RegistryOptions = quick): Promise<unknown> =>
      pullImage({
        reference: `${registry.host}/a/b:${tag}`,
        layoutDirectory: path.join(folder, 'pulled'),
        registry: registryOptions,
      });
    expect((await failure(pull('9'))).code).toBe('ImageNotFound');
    const { blobs } = await push();
    const [largest] = blobs;
    const stored = registry.blobs.get('a/b');
    const whole = stored?.get(largest?.digest ?? '') ?? Buffer.alloc(0);
    stored?.set(largest?.digest ?? '', Buffer.alloc(whole.length));
    expect((await failure(pull('1'))).message).toContain('its digest is sha256:');
    stored?.set(largest?.digest ?? '', Buffer.concat([whole, Buffer.from('more')]));
    expect((await failure(pull('1'))).message).toContain(`more than ${whole.length} bytes come`);
    stored?.set(largest?.digest ?? '', whole.subarray(0, 100));
    expect((await failure(pull('1'))).code).toBe('ImageInvalid');
    expect(await readdir(path.join(folder, 'pulled/.staging'))).toEqual([]);
    registry.manifests.get('a/b')?.set('2', {
      bytes: Buffer.from('{"schemaVersion":2,"manifests":[{}]}'),
      type: 'application/vnd.oci.image.index.v1+json',
    });
    expect((await failure(pull('2'))).code).toBe('ImageInvalid');
  });

  it('gets nothing of an image whose blob was spoilt', async () => {
    const { folder, registry, push } = await createSetup();
    const names = await readdir(path.join(folder, 'images/blobs/sha256'));
    const sizes = await Promise.all(
      names.map(async (name) => ({
        name,
        size: (await readFile(path.join(folder, 'images/blobs/sha256', name))).length,
      })),
    );
    const largest = sizes.toSorted((a, b) => b.size - a.size)[0];
    await writeFile(path.join(folder, 'images/blobs/sha256', largest?.name ?? ''), Buffer.alloc(largest?.size ?? 0));
    expect((await failure(push())).code).toBe('ImageInvalid');
    expect(registry.manifests.get('a/b')?.has('1') ?? false).toBe(false);
  });

  it('must be named', async () => {
    const { push } = await createSetup();
    expect((await failure(push({ target: 'a/b:1' }))).message).toContain('names no registry');
  });
});

describe('a registry that asks who one is', () => {
  const user = 'me:secret:word';
  const credentials = { username: 'me', password: 'secret:word' };

  it.each<[string, TestRegistryOptions, RegistryOptions]>([
    ['takes a password for a token', { user }, { credentials }],
    ['takes a password', { user, basic: true }, { credentials }],
    ['takes a refresh token for a token', { refreshToken: 'refresh' }, { credentials: { identityToken: 'refresh' } }],
  ])('%s', async (_, options, registry) => {
    const { push } = await createSetup(options);
    expect((await push({ registry: { ...quick, ...registry } })).uploadedBytes).toBeGreaterThan(0);
  });

  it.each<[string, TestRegistryOptions, RegistryOptions, string]>([
    ['no credentials', { user, basic: true }, {}, 'and none were given'],
    [
      'a wrong password',
      { user },
      { credentials: { username: 'me', password: 'guess' } },
      'gives no token: status 401',
    ],
    [
      'a wrong password without tokens',
      { user, basic: true },
      { credentials: { username: 'me', password: 'guess' } },
      'answers 401',
    ],
  ])('refuses %s', async (_, options, registry, words) => {
    const { push } = await createSetup(options);
    const error = await failure(push({ registry: { ...quick, ...registry } }));
    expect(error.code).toBe('RegistryRefused');
    expect(error.message).toContain(words);
    expect(error.message).not.toContain('guess');
  });

  it("is answered from Docker's own file", async () => {
    const { folder, registry, push } = await createSetup({ user });
    const dockerConfigFile = path.join(folder, 'config.json');
    const auth = Buffer.from(user).toString('base64');
    await writeFile(dockerConfigFile, JSON.stringify({ auths: { [registry.host]: { auth } } }));
    expect((await push({ registry: { ...quick, dockerConfigFile } })).uploadedBytes).toBeGreaterThan(0);
    await writeFile(dockerConfigFile, 'not json');
    expect((await failure(push({ registry: { ...quick, dockerConfigFile } }))).code).toBe('RegistryRefused');
  });
});

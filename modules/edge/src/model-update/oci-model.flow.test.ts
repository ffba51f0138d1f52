import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import tar from 'tar-stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { TestContext } from 'vitest';
import { CuttingProxy } from '../../../../test/support/cutting-proxy.ts';
import { DockerRegistry } from '../../../../test/support/docker-registry.ts';
import { temporaryFolder } from '../../../../test/support/engine-fixture.ts';
import { need } from '../../../../test/support/need.ts';
import { downloadModel } from './download-model.ts';
import type { DownloadOptions } from './download-model.ts';

/** The password is "secret"; as `htpasswd -nbB` writes it, with bcrypt's lowest cost. */
const HTPASSWD = 'me:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a';
const BASIC = `Basic ${Buffer.from('me:secret').toString('base64')}`;
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

const model = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));
const sha256 = createHash('sha256').update(model).digest('hex');
const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Sends a manifest with one layer, as any client would, and gives the manifest's digest. */
async function push(
  host: string,
  place: string,
  layer: { bytes: Buffer; mediaType: string; annotations?: object },
): Promise<string> {
  const [repository = '', tag = ''] = place.split(':');
  const root = `http://${host}/v2/${repository}`;
  const headers = { authorization: BASIC };
  const putBlob = async (bytes: Buffer, mediaType: string) => {
    const begun = await fetch(`${root}/blobs/uploads/`, { method: 'POST', headers });
    const upload = new URL(begun.headers.get('location') ?? '', root);
    upload.searchParams.set('digest', digestOf(bytes));
    const done = await fetch(upload, { method: 'PUT', headers, body: new Uint8Array(bytes) });
    expect(done.status).toBe(201);
    return { mediaType, digest: digestOf(bytes), size: bytes.length };
  };
  const { bytes, mediaType, annotations } = layer;
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: await putBlob(Buffer.from('{}'), 'application/vnd.oci.empty.v1+json'),
      layers: [{ ...(await putBlob(bytes, mediaType)), ...(annotations === undefined ? {} : { annotations }) }],
    }),
  );
  const sent = await fetch(`${root}/manifests/${tag}`, {
    method: 'PUT',
    headers: { ...headers, 'content-type': MANIFEST },
    body: new Uint8Array(manifest),
  });
  expect(sent.status).toBe(201);
  return digestOf(manifest);
}

const rawLayer = { bytes: model, mediaType: 'application/vnd.cncf.model.weight.v1.raw' };

async function startRegistry(context: TestContext): Promise<string> {
  const { executable } = await need(context, 'docker-registry');
  const registry = await DockerRegistry.start({ executable, htpasswd: HTPASSWD });
  onTestFinished(() => registry[Symbol.asyncDispose]());
  return registry.host;
}

async function download(url: string, options: Partial<DownloadOptions> = {}) {
  const file = options.file ?? path.join(await temporaryFolder(), 'part');
  const auth = Buffer.from('me:secret').toString('base64');
  const { host } = new URL(url);
  const isResumed = await downloadModel({
    url,
    sha256,
    file,
    registryCredentials: async () => JSON.stringify({ auths: { [host]: { auth } } }),
    signal: AbortSignal.timeout(60_000),
    onProgress: () => {},
    ...options,
  });
  return { isResumed, bytes: await readFile(file) };
}

describe('a model in a container registry', () => {
  it('is found behind a tag and behind a digest, and gone on with where a part is there', async (context) => {
    const host = await startRegistry(context);
    const digest = await push(host, 'models/faces:7', rawLayer);
    expect(await download(`oci://${host}/models/faces:7`)).toEqual({ isResumed: false, bytes: model });
    const file = path.join(await temporaryFolder(), 'part');
    await writeFile(file, model.subarray(0, 100_000));
    expect(await download(`oci://${host}/models/faces@${digest}`, { file })).toEqual({ isResumed: true, bytes: model });
    expect(await download(`oci://${host}/models/faces@${digest}`, { file })).toEqual({ isResumed: true, bytes: model });
  });

  it('is taken out of the model layer of an image, with ranges', async (context) => {
    const host = await startRegistry(context);
    const pack = tar.pack();
    pack.entry({ name: 'var/azureml-app/azureml-models/faces/7/labels.json' }, '[]');
    pack.entry({ name: 'var/azureml-app/azureml-models/faces/7/model.onnx' }, model);
    pack.finalize();
    await push(host, 'scorer:1', {
      bytes: await buffer(pack),
      mediaType: 'application/vnd.oci.image.layer.v1.tar',
      annotations: { 'net.edgewright.layer.role': 'model' },
    });
    const file = path.join(await temporaryFolder(), 'part');
    await writeFile(file, model.subarray(0, 123_456));
    expect(await download(`oci://${host}/scorer:1`, { file })).toEqual({ isResumed: true, bytes: model });
  });

  it('comes after all when the connection breaks', async (context) => {
    const host = await startRegistry(context);
    await push(host, 'models/faces:7', rawLayer);
    await using proxy = await CuttingProxy.start(host, { connections: 1, afterBytes: 150_000 });
    const file = path.join(await temporaryFolder(), 'part');
    const fetchIt = () => download(`oci://${proxy.host}/models/faces:7`, { file });
    await expect(fetchIt()).rejects.toMatchObject({ code: 'ModelUnavailable' });
    // how much of it had come by then is for the network to say
    expect((await fetchIt()).bytes).toEqual(model);
    expect(proxy.cuts).toBe(1);
  });

  it('says what is not there, and who is not let in', async (context) => {
    const host = await startRegistry(context);
    await push(host, 'models/faces:7', rawLayer);
    await expect(download(`oci://${host}/models/faces:8`)).rejects.toMatchObject({ code: 'ModelRejected' });
    await expect(download(`oci://${host}/models/faces:7`, { sha256: 'b'.repeat(64) })).rejects.toThrow(
      'none of its 1 layers is the file with model.sha256',
    );
    const url = `oci://${host}/models/faces:7`;
    await expect(download(url, { registryCredentials: undefined })).rejects.toThrow(
      'EDGEWRIGHT_REGISTRY_CREDENTIALS names none',
    );
    const wrong = async () => JSON.stringify({ auths: { [host]: { username: 'me', password: 'other' } } });
    await expect(download(url, { registryCredentials: wrong })).rejects.toMatchObject({ code: 'ModelUnavailable' });
  });
});

it('asks for a token where the registry wants one, with the password, and for pulling alone', async () => {
  const asked: { url: string; authorization: string | undefined }[] = [];
  const manifest = JSON.stringify({
    schemaVersion: 2,
    config: { mediaType: 'x', digest: `sha256:${'0'.repeat(64)}`, size: 2 },
    layers: [{ mediaType: 'x', digest: `sha256:${sha256}`, size: model.length }],
  });
  const server = createServer((request, response) => {
    const { url = '', headers } = request;
    asked.push({ url, authorization: headers.authorization });
    const realm = `http://${headers.host}/token`;
    if (url.startsWith('/token')) response.end(JSON.stringify({ token: 'abc' }));
    else if (headers.authorization !== 'Bearer abc') {
      const challenge = `Bearer realm="${realm}",service="r",scope="repository:m:pull"`;
      response.writeHead(401, { 'www-authenticate': challenge }).end();
    } else if (url.includes('/manifests/')) response.end(manifest);
    else response.end(model);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { bytes } = await download(`oci://${host}/m:1`);
  expect(bytes).toEqual(model);
  const tokens = asked.filter(({ url }) => url.startsWith('/token'));
  expect(tokens).toEqual([{ url: '/token?service=r&scope=repository%3Am%3Apull', authorization: BASIC }]);
});

import { createHmac, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CertificateAuthority } from '../certificates/certificate-authority.ts';
import { Hub } from '../hub/hub.ts';
import { StateDatabase } from '../state/state-database.ts';
import { WorkloadApi, workloadApiVersions } from './workload-api.ts';
import { startWorkloadServer } from './workload-server.ts';
import { WorkloadSockets } from './workload-sockets.ts';

const base64 = (value: string): string => Buffer.from(value).toString('base64');

async function setUp() {
  const directory = await mkdtemp(path.join(tmpdir(), 'edgewright-workload-'));
  const database = StateDatabase.open(directory);
  const hub = new Hub({ hostName: 'hub.test', database });
  onTestFinished(async () => {
    database[Symbol.dispose]();
    await rm(directory, { recursive: true, force: true });
  });
  hub.createDevice({ deviceId: 'd', edge: true });
  const module = hub.createModule({ deviceId: 'd', moduleId: 'm' });
  hub.createModule({ deviceId: 'd', moduleId: 'n' });
  const certificates = await CertificateAuthority.open(directory);
  const listed = {
    id: 'm',
    name: 'm',
    type: 'docker',
    config: { settings: { image: 'm:1' } },
    status: { runtimeStatus: { status: 'running' } },
  };
  const api = new WorkloadApi({ hub, deviceId: 'd', certificates, modules: () => [listed] });
  const at = (url: string) => (url.includes('?') ? url : `${url}?api-version=2018-06-28`);
  const call = (method: string, url: string, body?: unknown, caller?: string) =>
    api.answer({
      method,
      url: at(url),
      body: body === undefined ? Buffer.alloc(0) : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
      caller,
    });
  return { api, call, certificates, directory, module, hub };
}

/** One request over a socket or a port. */
async function ask(target: { socketPath: string } | { host: string; port: number }, url: string) {
  const sent = request({ ...target, path: url, method: 'GET' }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return {
    status: response.statusCode,
    type: response.headers['content-type'],
    body: JSON.parse(await text(response)) as Record<string, unknown>,
  };
}

describe('the workload API', () => {
  it('signs with the key of the module', async () => {
    const { call, module } = await setUp();
    const { status, body } = await call('POST', `/modules/m/genid/${module.generationId}/sign`, {
      keyId: 'primary',
      algo: 'HMACSHA256',
      data: base64('hub.test%2Fdevices%2Fd%2Fmodules%2Fm\n1700000000'),
    });
    const expected = createHmac('sha256', Buffer.from(module.primaryKey, 'base64'))
      .update('hub.test%2Fdevices%2Fd%2Fmodules%2Fm\n1700000000')
      .digest('base64');
    expect({ status, body }).toEqual({ status: 200, body: { digest: expected } });
  });

  it('decodes names in paths', async () => {
    const { call } = await setUp();
    expect((await call('POST', '/modules/%24edgeHub/genid/1/sign', { data: '' })).status).toBe(200);
  });

  it.each(workloadApiVersions)('accepts api-version %s', async (version) => {
    const { call, certificates } = await setUp();
    expect(await call('GET', `/trust-bundle?api-version=${version}`)).toEqual({
      status: 200,
      body: { certificate: certificates.trustBundle },
    });
  });

  it('decrypts what it encrypted, for the same module, generation and vector only', async () => {
    const { call } = await setUp();
    const vector = base64('123456789012');
    const sealed = await call('POST', '/modules/m/genid/1/encrypt', {
      plaintext: base64('secret'),
      initializationVector: vector,
    });
    const body = { ...sealed.body, initializationVector: vector };
    expect(await call('POST', '/modules/m/genid/1/decrypt', body)).toEqual({
      status: 200,
      body: { plaintext: base64('secret') },
    });
    expect((await call('POST', '/modules/m/genid/2/decrypt', body)).status).toBe(500);
    expect((await call('POST', '/modules/n/genid/1/decrypt', body)).status).toBe(500);
    expect(
      (await call('POST', '/modules/m/genid/1/decrypt', { ...body, initializationVector: base64('x') })).status,
    ).toBe(500);
    const short = { ciphertext: base64('x'), initializationVector: vector };
    expect((await call('POST', '/modules/m/genid/1/decrypt', short)).status).toBe(500);
  });

  it('gives server certificates with the asked name and the module id', async () => {
    const { call, certificates } = await setUp();
    const { status, body } = await call('POST', '/modules/m/genid/1/certificate/server', {
      commonName: 'edge.local',
      expiration: '2030-01-01T00:00:00Z',
    });
    const certificate = new X509Certificate(String(body['certificate']));
    expect(status).toBe(201);
    expect(certificate.subject).toBe('CN=edge.local');
    expect(certificate.subjectAltName).toContain('DNS:edge.local, DNS:m');
    expect(certificate.verify(new X509Certificate(certificates.trustBundle).publicKey)).toBe(true);
    expect(body['privateKey']).toMatchObject({ type: 'key', bytes: expect.stringContaining('BEGIN PRIVATE KEY') });
    expect(Date.parse(String(body['expiration']))).toBeGreaterThan(Date.now());
  });

  it('gives identity certificates that name device and module', async () => {
    const { call } = await setUp();
    const { status, body } = await call('POST', '/modules/m/certificate/identity');
    const certificate = new X509Certificate(String(body['certificate']));
    expect(status).toBe(201);
    expect(certificate.subjectAltName).toContain('azureiot://hub.test/devices/d/modules/m');
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
  });

  it('lists the modules, and has no manifest trust bundle', async () => {
    const { call } = await setUp();
    const list = await call('GET', '/modules');
    expect(list.body['modules']).toMatchObject([{ name: 'm', status: { runtimeStatus: { status: 'running' } } }]);
    expect(await call('GET', '/modules/')).toEqual(list);
    expect(await call('GET', '/manifest-trust-bundle')).toEqual({ status: 200, body: { certificate: '' } });
  });

  it.each([
    [400, 'GET', '/trust-bundle?x=1', undefined, undefined],
    [400, 'GET', '/trust-bundle?api-version=2017-01-01', undefined, undefined],
    [400, 'PUT', '/trust-bundle', undefined, undefined],
    [400, 'POST', '/modules/m/genid/1/sign', undefined, undefined],
    [400, 'POST', '/modules/m/genid/1/sign', { data: '*' }, undefined],
    [422, 'POST', '/modules/m/genid/1/sign', '{', undefined],
    [422, 'POST', '/modules/m/genid/1/sign', {}, undefined],
    [400, 'POST', '/modules/m/genid/1/encrypt', { plaintext: '', initializationVector: '' }, undefined],
    [403, 'POST', '/modules/m/genid/1/sign', { data: '' }, 'n'],
    [404, 'GET', '/nothing', undefined, undefined],
    [500, 'POST', '/modules/unknown/genid/1/sign', { data: '' }, undefined],
  ])('answers %i to %s %s with %j', async (status, method, url, body, caller) => {
    const { call } = await setUp();
    const reply = await call(method, url, body, caller);
    expect(reply).toEqual({ status, body: { message: expect.any(String) } });
  });
});

describe('the workload sockets', () => {
  it('serve JSON, each for one module, and leave no file behind', async () => {
    const { api, directory } = await setUp();
    const sockets = new WorkloadSockets({ api, directory: path.join(directory, 's'), temporaryDirectory: tmpdir() });
    const uri = await sockets.uriFor('m');
    const socketPath = uri.replace('unix://', '');
    expect(await sockets.uriFor('m')).toBe(uri);
    const answer = await ask({ socketPath }, '/trust-bundle?api-version=2018-06-28');
    expect(answer).toMatchObject({ status: 200, type: 'application/json' });
    await sockets[Symbol.asyncDispose]();
    expect(existsSync(socketPath)).toBe(false);
  });

  it.each(['too-long-'.repeat(12), 'with a blank'])('stand elsewhere when the folder is %s', async (name) => {
    const { api, directory } = await setUp();
    const folder = path.join(directory, name);
    const sockets = new WorkloadSockets({ api, directory: folder, temporaryDirectory: tmpdir() });
    const socketPath = (await sockets.uriFor('m')).replace('unix://', '');
    expect(socketPath.startsWith(tmpdir())).toBe(true);
    expect(Buffer.byteLength(socketPath)).toBeLessThan(104);
    expect((await ask({ socketPath }, '/modules?api-version=2018-06-28')).status).toBe(200);
    await sockets[Symbol.asyncDispose]();
    expect(existsSync(path.dirname(socketPath))).toBe(false);
  });
});

it('serves the workload API over http too', async () => {
  const { api } = await setUp();
  await using server = await startWorkloadServer(api, { host: '127.0.0.1', port: 0 });
  const { hostname, port } = new URL(server.uri);
  const answer = await ask({ host: hostname, port: Number(port) }, '/modules?api-version=2022-08-03');
  expect(answer).toMatchObject({ status: 200, type: 'application/json', body: { modules: [{ id: 'm' }] } });
});

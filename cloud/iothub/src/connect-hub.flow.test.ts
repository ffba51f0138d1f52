import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DeploymentManifest } from '@edgewright/contract';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createTestCertificate } from '../../../test/support/test-certificate.ts';
import { connectHub } from './connect-hub.ts';
import type { Hub } from './hub.ts';

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly authorization: string;
  readonly body: string;
}

const MANIFEST: DeploymentManifest = {
  modulesContent: {
    $edgeAgent: {
      'properties.desired': {
        schemaVersion: '1.1',
        runtime: { type: 'docker' },
        systemModules: {
          edgeAgent: { type: 'docker', settings: { image: 'agent:1.5' } },
          edgeHub: { type: 'docker', status: 'running', restartPolicy: 'always', settings: { image: 'hub:1.5' } },
        },
        modules: {},
      },
    },
    $edgeHub: {
      'properties.desired': {
        schemaVersion: '1.1',
        routes: {},
        storeAndForwardConfiguration: { timeToLiveSecs: 7200 },
      },
    },
  },
};

let certificate: { certificate: string; privateKey: string };
let directory: string;
let caFile: string;

beforeAll(async () => {
  certificate = await createTestCertificate();
  directory = await mkdtemp(path.join(tmpdir(), 'edgewright-iothub-'));
  caFile = path.join(directory, 'ca.pem');
  await writeFile(caFile, certificate.certificate);
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** A server that answers as the test says, and a hub client for it. */
async function createHub(
  answer: (seen: Seen, count: number) => Answer | 'silent',
  options: { timeoutMs?: number; caFile?: string | undefined } = {},
): Promise<{ hub: Hub; seen: Seen[]; port: number; close: () => Promise<void>; closeIdle: () => void }> {
  const seen: Seen[] = [];
  const server = createServer({ cert: certificate.certificate, key: certificate.privateKey });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const { method = '', url = '', headers } = request;
      seen.push({ method, url, body, authorization: headers.authorization ?? '' });
      const said = answer(seen.at(-1) as Seen, seen.length);
      if (said === 'silent') return;
      response.writeHead(said.status, { 'content-type': 'application/json; charset=utf-8', ...said.headers });
      response.end(said.body === undefined ? undefined : JSON.stringify(said.body));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const close = async () => {
    if (!server.listening) return;
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  const trusted = 'caFile' in options ? options.caFile : caFile;
  const hub = connectHub({
    connectionString: `HostName=localhost:${port};SharedAccessKeyName=iothubowner;SharedAccessKey=c2VjcmV0`,
    ...(trusted === undefined ? {} : { caFile: trusted }),
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  });
  onTestFinished(async () => {
    await hub[Symbol.asyncDispose]();
    await close();
  });
  return { hub, seen, port, close, closeIdle: () => server.closeIdleConnections() };
}

const DEVICE = { deviceId: 'dev', capabilities: { iotEdge: true }, status: 'enabled', connectionState: 'Disconnected' };

describe('connectHub', () => {
  it('creates an edge device, signed with the policy', async () => {
    const { hub, seen } = await createHub(() => ({ status: 200, body: DEVICE }));
    expect(await hub.createEdgeDevice('dev')).toEqual({ deviceId: 'dev', edge: true, enabled: true, connected: false });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ method: 'PUT' });
    expect(seen[0]?.url).toMatch(/^\/devices\/dev\?api-version=/);
    expect(seen[0]?.authorization).toMatch(/^SharedAccessSignature sr=localhost&sig=[^&]+&skn=iothubowner&se=\d+$/);
    expect(JSON.parse(seen[0]?.body ?? '')).toMatchObject({ capabilities: { iotEdge: true } });
  });

  it('takes an edge device that exists, and refuses another device of the name', async () => {
    let edge = true;
    const { hub } = await createHub(({ method }) =>
      method === 'PUT'
        ? { status: 409, body: { Message: 'ErrorCode:DeviceAlreadyExists;there is one' } }
        : { status: 200, body: { ...DEVICE, capabilities: { iotEdge: edge } } },
    );
    expect(await hub.createEdgeDevice('dev')).toMatchObject({ edge: true });
    edge = false;
    await expect(hub.createEdgeDevice('dev')).rejects.toMatchObject({ code: 'HubRejected' });
  });

  it('applies a manifest as it is', async () => {
    const { hub, seen } = await createHub(() => ({ status: 204 }));
    await hub.applyManifest('dev', MANIFEST);
    expect(seen[0]).toMatchObject({ method: 'POST' });
    expect(seen[0]?.url).toMatch(/^\/devices\/dev\/applyConfigurationContent\?/);
    expect(JSON.parse(seen[0]?.body ?? '')).toEqual(MANIFEST);
  });

  it('sends nothing when the manifest is not one', async () => {
    const { hub, seen } = await createHub(() => ({ status: 204 }));
    const wrong = { modulesContent: {} } as unknown as DeploymentManifest;
    await expect(hub.applyManifest('dev', wrong)).rejects.toMatchObject({ code: 'InvalidDocument' });
    expect(seen).toEqual([]);
  });

  it('reads twins and lists devices', async () => {
    const twin = { etag: 'AAA=', properties: { desired: { a: 1 }, reported: { b: 2 } } };
    const { hub } = await createHub(({ url }) => {
      if (url.startsWith('/twins/dev/modules/m?'))
        return { status: 200, body: { ...twin, deviceId: 'dev', moduleId: 'm' } };
      if (url.startsWith('/twins/dev?')) return { status: 200, body: { ...twin, deviceId: 'dev', tags: { floor: 1 } } };
      return { status: 200, body: [DEVICE] };
    });
    expect(await hub.getTwin('dev')).toMatchObject({ deviceId: 'dev', desired: { a: 1 }, tags: { floor: 1 } });
    expect(await hub.moduleTwin('dev', 'm')).toMatchObject({ moduleId: 'm', etag: 'AAA=', reported: { b: 2 } });
    expect(await hub.listDevices()).toEqual([{ deviceId: 'dev', edge: true, enabled: true, connected: false }]);
  });

  it.each([
    [401, 'Unauthorized', 'HubUnauthorized', 2],
    [404, 'DeviceNotFound', 'DeviceNotFound', 2],
    [404, 'ModuleNotFound', 'DeviceNotFound', 2],
    [404, 'IotHubNotFound', 'HubUnavailable', 1],
    [400, 'ArgumentInvalid', 'HubRejected', 2],
    [409, 'Conflict', 'HubConflict', 2],
    [412, 'PreconditionFailed', 'HubConflict', 2],
    [413, 'RequestEntityTooLarge', 'HubRejected', 2],
  ])('turns %i %s into %s', async (status, hubCode, code, exitCode) => {
    const { hub, port } = await createHub(() => ({
      status,
      body: { Message: `ErrorCode:${hubCode};because of this` },
    }));
    const details = { hostName: 'localhost', port, status, hubCode };
    await expect(hub.applyManifest('dev', MANIFEST)).rejects.toMatchObject({ code, exitCode, details });
    await expect(hub.getTwin('dev')).rejects.toThrow(
      `cannot read the twin of "dev" on the hub localhost:${port}: it answered ${status}: ErrorCode:${hubCode};because of this`,
    );
  });

  it('tries again while the hub is throttling or failing', async () => {
    const { hub, seen } = await createHub((_, count) => {
      if (count === 1) return { status: 429, headers: { 'retry-after': '0' } };
      return count === 2 ? { status: 503 } : { status: 204 };
    });
    await hub.applyManifest('dev', MANIFEST);
    expect(seen).toHaveLength(3);
    expect(new Set(seen.map(({ body }) => body)).size).toBe(1);
  });

  it('gives up after four attempts', async () => {
    const { hub, seen } = await createHub(() => ({ status: 500, headers: { 'retry-after': '0' } }));
    await expect(hub.getTwin('dev')).rejects.toMatchObject({
      code: 'HubUnavailable',
      exitCode: 1,
      details: { status: 500 },
    });
    expect(seen).toHaveLength(4);
  });

  it('gives up at the deadline, and does not wait longer than it for another attempt', async () => {
    const { hub } = await createHub(
      ({ url }) => (url.includes('slow') ? 'silent' : { status: 429, headers: { 'retry-after': '60' } }),
      {
        timeoutMs: 300,
      },
    );
    const begin = performance.now();
    await expect(hub.getTwin('slow')).rejects.toThrow('no answer within 0.3 s');
    await expect(hub.getTwin('throttled')).rejects.toMatchObject({ code: 'HubUnavailable', details: { status: 429 } });
    expect(performance.now() - begin).toBeLessThan(5000);
  });

  it('says that nothing listens', async () => {
    const { hub, port, close } = await createHub(() => ({ status: 200 }));
    await close();
    await expect(hub.listDevices()).rejects.toMatchObject({
      code: 'HubUnavailable',
      details: { hostName: 'localhost', port },
    });
    await expect(hub.listDevices()).rejects.toThrow(`on the hub localhost:${port}: nothing listens there`);
  });

  it('says that the certificate is not trusted', async () => {
    const { hub } = await createHub(() => ({ status: 200 }), { caFile: undefined });
    await expect(hub.listDevices()).rejects.toThrow('its certificate is not trusted');
  });

  it('shows what something else than a hub says', async () => {
    const { hub } = await createHub(() => ({
      status: 502,
      headers: { 'retry-after': '0' },
      body: '<html>proxy</html>',
    }));
    await expect(hub.getTwin('dev')).rejects.toThrow('502: "<html>proxy</html>"');
  });

  it('names a file of certificates that cannot be read', () => {
    const connectionString = 'HostName=localhost;SharedAccessKeyName=p;SharedAccessKey=c2VjcmV0';
    expect(() => connectHub({ connectionString, caFile: '/nowhere/ca.pem' })).toThrow('/nowhere/ca.pem');
  });

  it('calls again when the hub has closed the connection meanwhile', async () => {
    const { hub, seen, closeIdle } = await createHub(() => ({ status: 204 }));
    await hub.applyManifest('dev', MANIFEST);
    closeIdle();
    await hub.applyManifest('dev', MANIFEST);
    expect(seen).toHaveLength(2);
  });
});

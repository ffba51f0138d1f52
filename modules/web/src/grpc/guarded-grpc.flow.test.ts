import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { createKeyAuthenticator } from '@edgewright/web';
import type { ServeScoringOptions } from '@edgewright/web';
import { createLogger } from '@edgewright/telemetry';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Engine, InferRequest } from '@edgewright/engine';
import { temporaryFolder, testEngine } from '../../../../test/support/engine-fixture.ts';
import { affineOnnx } from '../../../../test/support/tiny-models.ts';
import { grpcClient, inferRequest } from '../../../../test/support/grpc-client.ts';
import { createTestCertificate } from '../../../../test/support/test-certificate.ts';
import { webServer } from '../../../../test/support/web-fixture.ts';
import { serviceNames } from './service-descriptors.ts';
import { loadGrpc } from './grpc-runtime.ts';

const runtime = await loadGrpc();
const logger = createLogger({ level: 'silent', name: 'test' });
const request = inferRequest();
const KEY = 'the-primary-key-of-this-service';

async function start(options: Partial<ServeScoringOptions> = {}) {
  const server = await webServer({}, { grpcPort: 0, ...options });
  return { server, call: grpcClient(runtime, server.grpcPort ?? 0) };
}

/** An engine whose answers wait until `open` is called, and the requests that it saw. */
async function gatedEngine() {
  const engine = await testEngine({ onnx: affineOnnx(), execution: 'inline' });
  const gate = Promise.withResolvers<void>();
  const seen: InferRequest[] = [];
  const infer = async (one: InferRequest) => {
    seen.push(one);
    await gate.promise;
    return await engine.infer(one);
  };
  const gated: Engine = { ...engine, describe: () => engine.describe(), stats: () => engine.stats(), infer };
  return { engine: gated, seen, open: gate.resolve };
}

describe('a gRPC host with keys', () => {
  const keys = { primaryKey: KEY, secondaryKey: 'the-secondary-key-of-this-one' };

  it('lets nobody call without one, before a message is read, and probes alone ask without', async () => {
    const authenticator = createKeyAuthenticator(keys, logger);
    onTestFinished(() => authenticator[Symbol.dispose]());
    const { call } = await start({ authenticator, limits: { bodyBytes: 1000 } });
    const refused = { code: grpc.status.UNAUTHENTICATED };
    await expect(call.infer(request)).rejects.toMatchObject(refused);
    await expect(call.metadata({})).rejects.toMatchObject(refused);
    await expect(call.infer(request, { headers: { authorization: 'Bearer wrong' } })).rejects.toMatchObject(refused);
    await expect(call.infer(request, { headers: { authorization: KEY } })).rejects.toMatchObject(refused);
    // a body that would be refused for its size is not looked at
    const big = { ...request, raw_input_contents: [Buffer.alloc(100_000)] };
    await expect(call.infer(big)).rejects.toMatchObject(refused);
    expect(await call.live({})).toEqual({ live: true });
    expect(await call.check({ service: '' })).toEqual({ status: 'SERVING' });
    const answer = await call.infer(request, { headers: { authorization: `Bearer ${KEY}` } });
    expect(answer).toMatchObject({ model_name: 'tiny', model_version: '1' });
  });
});

describe('no way around keys over gRPC', () => {
  const keys = { primaryKey: KEY, secondaryKey: 'the-secondary-key-of-this-one' };
  const open = ['ServerLive', 'ServerReady'];
  const attempts = {
    'no credentials': {},
    'an empty credential': { authorization: 'Bearer ' },
    'a wrong key': { authorization: `Bearer ${KEY}x` },
    'the key without a scheme': { authorization: KEY },
    'the key as another scheme': { authorization: `Basic ${KEY}` },
    'both keys': { authorization: `Bearer ${keys.primaryKey},${keys.secondaryKey}` },
    'the key in other metadata': { 'x-api-key': KEY, cookie: `key=${KEY}`, 'proxy-authorization': `Bearer ${KEY}` },
  };

  it.each(Object.keys(runtime.services.inference))('%s is refused', async (name) => {
    const authenticator = createKeyAuthenticator(keys, logger);
    onTestFinished(() => authenticator[Symbol.dispose]());
    const { call } = await start({ authenticator });
    for (const [attempt, headers] of Object.entries(attempts)) {
      const outcome = await call
        .method(name)(request, headers)
        .then(
          () => grpc.status.OK,
          (error: grpc.ServiceError) => error.code,
        );
      const wanted = open.includes(name) ? grpc.status.OK : grpc.status.UNAUTHENTICATED;
      expect({ attempt, outcome }).toEqual({ attempt, outcome: wanted });
    }
  });
});

describe('a gRPC host with limits', () => {
  it('refuses what one address calls beyond its number in a second, probes apart', async () => {
    const { call } = await start({ limits: { requestsPerSecond: 3 } });
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, () => call.metadata({}).then(
        () => 'answered',
        (error: grpc.ServiceError) => `${error.code} ${String(error.metadata.get('edgewright-code')[0])}`,
      )),
    ); // prettier-ignore
    // they may fall into two seconds
    expect(outcomes.filter((outcome) => outcome === 'answered').length).toBeLessThanOrEqual(6);
    expect(new Set(outcomes)).toEqual(new Set(['answered', `${grpc.status.RESOURCE_EXHAUSTED} TooManyRequests`]));
    const checks = await Promise.all(Array.from({ length: 12 }, () => call.check({ service: '' })));
    expect(checks).toHaveLength(12);
  });

  it('hands the deadline of its caller on, or its own, and gives up what nobody waits for', async () => {
    const { engine, seen, open } = await gatedEngine();
    const { call } = await start({ engine, limits: { timeoutMs: 5_000 } });
    await expect(call.infer(request, { deadlineMs: 1_000 })).rejects.toMatchObject({
      code: grpc.status.DEADLINE_EXCEEDED,
    });
    expect(seen[0]?.timeoutMs).toBeLessThanOrEqual(1_000);
    await expect.poll(() => seen[0]?.signal?.aborted).toBe(true);
    const answer = call.infer(request);
    await expect.poll(() => seen[1]?.timeoutMs).toBe(5_000);
    open();
    expect(await answer).toMatchObject({ model_name: 'tiny' });
  });
});

describe('gRPC health', () => {
  it('says that it serves until it drains, to whoever asks and whoever watches; then lets calls end', async () => {
    const { server, call } = await start();
    const { inference } = serviceNames;
    const states: string[] = [];
    const watched = call.watch(inference);
    watched.on('data', ({ status }: { status: string }) => states.push(status));
    watched.on('error', () => {});
    expect(await call.check({ service: inference })).toEqual({ status: 'SERVING' });
    await expect(call.check({ service: 'other' })).rejects.toMatchObject({ code: grpc.status.NOT_FOUND });
    await expect.poll(() => states).toEqual(['SERVING']);
    server.beginDrain();
    await expect.poll(() => states).toEqual(['SERVING', 'NOT_SERVING']);
    expect(await call.check({ service: inference })).toEqual({ status: 'NOT_SERVING' });
    expect(await call.infer(request)).toMatchObject({ model_name: 'tiny' });
    await server[Symbol.asyncDispose]();
    await expect(call.check({ service: '' }, { deadlineMs: 3_000 })).rejects.toThrow(/UNAVAILABLE|DEADLINE_EXCEEDED/);
  });

  it('lets a call that runs come to its end while it closes', async () => {
    const { engine, seen, open } = await gatedEngine();
    const { server, call } = await start({ engine });
    const answer = call.infer(request);
    await expect.poll(() => seen.length).toBe(1);
    const closed = server[Symbol.asyncDispose]();
    open();
    expect(await answer).toMatchObject({ model_name: 'tiny' });
    await closed;
  });
});

describe('gRPC over TLS', () => {
  it('serves the certificate of the files, and another one when they change', async () => {
    const folder = await temporaryFolder();
    const tls = { certificateFile: path.join(folder, 'tls.crt'), keyFile: path.join(folder, 'tls.key') };
    const write = async (): Promise<grpc.ChannelCredentials> => {
      const { certificate, privateKey } = await createTestCertificate();
      await Promise.all([writeFile(tls.certificateFile, certificate), writeFile(tls.keyFile, privateKey)]);
      return grpc.credentials.createSsl(Buffer.from(certificate));
    };
    const first = await write();
    const { server, call } = await start({ tls });
    const port = server.grpcPort ?? 0;
    expect(await grpcClient(runtime, port, first).live({})).toEqual({ live: true });
    await expect(call.live({}, { deadlineMs: 3_000 })).rejects.toThrow(/UNAVAILABLE|DEADLINE_EXCEEDED/);
    const second = await write();
    const live = () => grpcClient(runtime, port, second).live({}, { deadlineMs: 2_000 }).catch(() => 'not yet');
    await expect.poll(live).toEqual({ live: true });
  }); // prettier-ignore
});

it('says that its port is taken', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void other.close());
  await expect.poll(() => other.listening).toBe(true);
  const { port } = other.address() as AddressInfo;
  await expect(start({ grpcPort: port })).rejects.toMatchObject({
    code: 'PortInUse',
    message: expect.stringContaining(`cannot listen for gRPC on 127.0.0.1:${port}`) as string,
  });
});

import { writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import path from 'node:path';
import { connect } from 'node:tls';
import { createLogger, createMetrics } from '@edgewright/telemetry';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { temporaryFolder } from '../../../test/support/engine-fixture.ts';
import { createStubEngine } from '../../../test/support/stub-engine.ts';
import { createTestCertificate } from '../../../test/support/test-certificate.ts';
import { serveScoring } from './serve-scoring.ts';
import type { ScoringServer, ServeScoringOptions } from './serve-scoring.ts';

async function start(options: Partial<ServeScoringOptions>): Promise<ScoringServer> {
  const server = await serveScoring({
    engine: createStubEngine(),
    host: '127.0.0.1',
    port: 0,
    logger: createLogger({ level: 'silent', name: 'test' }),
    metrics: createMetrics({ prefix: 'edgewright', process: false }),
    ...options,
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

async function files() {
  const folder = await temporaryFolder();
  const tls = { certificateFile: path.join(folder, 'tls.crt'), keyFile: path.join(folder, 'tls.key') };
  const write = async (): Promise<string> => {
    const { certificate, privateKey } = await createTestCertificate();
    await Promise.all([writeFile(tls.certificateFile, certificate), writeFile(tls.keyFile, privateKey)]);
    return certificate;
  };
  return { tls, write };
}

/** A GET that trusts one certificate only, over a connection of its own. */
function getTrusting(url: string, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(`${url}/`, { ca, agent: false, servername: 'localhost' }, (response) => {
      response.setEncoding('utf8').on('data', resolve);
    }).on('error', reject);
  });
}

describe('TLS', () => {
  it('serves HTTPS, and another certificate when the files change, without a restart', async () => {
    const { tls, write } = await files();
    const first = await write();
    const { url } = await start({ tls });
    expect(url).toMatch(/^https:/);
    expect(await getTrusting(url, first)).toBe('Healthy');
    const second = await write();
    await expect.poll(() => getTrusting(url, second).catch(() => 'not yet'), { timeout: 10_000 }).toBe('Healthy');
    await expect(getTrusting(url, first)).rejects.toThrow(/certificate/);
    await writeFile(tls.certificateFile, 'broken');
    await new Promise((resolve) => setTimeout(resolve, 1300));
    expect(await getTrusting(url, second)).toBe('Healthy');
  });

  it('refuses what is older than TLS 1.2', async () => {
    const { tls, write } = await files();
    const ca = await write();
    const { port } = await start({ tls });
    const version = (maxVersion: 'TLSv1.1' | 'TLSv1.2') =>
      new Promise((resolve) => {
        const options = { port, host: '127.0.0.1', ca, servername: 'localhost', minVersion: 'TLSv1' as const, maxVersion, ciphers: 'DEFAULT@SECLEVEL=0' }; // prettier-ignore
        const socket = connect(options, () => {
          resolve(socket.getProtocol());
          socket.destroy();
        });
        socket.on('error', () => resolve('refused'));
      });
    expect(await version('TLSv1.1')).toBe('refused');
    expect(await version('TLSv1.2')).toBe('TLSv1.2');
  });

  it('does not start with a key of another certificate, or without files', async () => {
    const one = await files();
    const other = await files();
    await Promise.all([one.write(), other.write()]);
    const mixed = { ...one.tls, keyFile: other.tls.keyFile };
    await expect(start({ tls: mixed })).rejects.toMatchObject({
      code: 'CertificateInvalid',
      message: expect.stringContaining('is not the one of the certificate') as string,
    });
    await expect(start({ tls: { ...mixed, keyFile: '/nowhere' } })).rejects.toMatchObject({
      code: 'CertificateInvalid',
    });
  });
});

describe('the rate limit', () => {
  it('answers 429 with Retry-After beyond it, and to probes never', async () => {
    const { url } = await start({ limits: { requestsPerSecond: 5 } });
    const score = () => fetch(`${url}/score`, { method: 'POST', body: '1' });
    const answers = await Promise.all(Array.from({ length: 20 }, score));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(10);
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused[0]?.json()).toMatchObject({ code: 'TooManyRequests' });
    const probes = await Promise.all(Array.from({ length: 20 }, () => fetch(url)));
    expect(probes.map(({ status }) => status)).toEqual(probes.map(() => 200));
    await vi.waitFor(async () => expect((await score()).status).toBe(200), 5000);
  });
});

describe('draining', () => {
  it('asks callers to close their connections, and still answers', async () => {
    const server = await start({});
    expect((await fetch(server.url)).headers.get('connection')).toBe('keep-alive');
    server.beginDrain();
    const response = await fetch(`${server.url}/score`, { method: 'POST', body: '1' });
    expect([response.status, response.headers.get('connection')]).toEqual([200, 'close']);
  });
});

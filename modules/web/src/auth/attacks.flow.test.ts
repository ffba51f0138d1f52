import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { createLogger, createMetrics } from '@edgewright/telemetry';
import { exportJWK, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { temporaryFolder } from '../../../../test/support/engine-fixture.ts';
import { createStubEngine } from '../../../../test/support/stub-engine.ts';
import { serveScoring } from '../serve-scoring.ts';
import type { Authenticator } from './authenticator.ts';
import { createKeyAuthenticator } from './key-authenticator.ts';
import { createTokenAuthenticator } from './token-authenticator.ts';

const logger = createLogger({ level: 'silent', name: 'test' });
const keys = { primaryKey: 'primary-key-0123456789', secondaryKey: 'secondary-key-0123456789' };

interface Service {
  readonly url: string;
  readonly port: number;
  /** Requests that reached the engine. */
  readonly scored: unknown[];
}

async function start(authenticator: Authenticator): Promise<Service> {
  const scored: unknown[] = [];
  const server = await serveScoring({
    engine: createStubEngine((data) => (scored.push(data), data)),
    host: '127.0.0.1',
    port: 0,
    logger,
    metrics: createMetrics({ prefix: 'edgewright', process: false }),
    authenticator,
  });
  onTestFinished(async () => {
    await server[Symbol.asyncDispose]();
    authenticator[Symbol.dispose]();
  });
  return { url: server.url, port: server.port, scored };
}

/** Sends bytes as they are, and gives the status line's number. */
function raw(port: number, lines: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${lines.join('\r\n')}\r\n\r\n`));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
      if (status !== undefined) {
        resolve(Number(status));
        socket.destroy();
      }
    });
    socket.on('error', reject);
    socket.on('end', () => resolve(0));
  });
}

const post = (service: Service, authorization?: string): Promise<Response> =>
  fetch(`${service.url}/score`, {
    method: 'POST',
    headers: authorization === undefined ? {} : { authorization },
    body: '{"data":1}',
  });

describe('no way around keys: with no credentials', () => {
  const paths = [
    '/score', '/score/', '//score', '/SCORE', '/score?x=1', '/score;x', '/./score', '/a/../score', '/%73core', '/score%2f',
    '/score%00', '/\\score', '/?/score', '/#/score', '//', '/swagger.json', '/swagger.json?version=3', '/metrics', '/v2',
    '/v2/', '/v2/models/stub', '/v2/models/stub/infer', '/v2/repository/index',
    '/v2/repository/models/stub/load', '/v2/repository/models/stub/unload', '/v2/models/stats', '/v2/models/stub/stats', '/v2/models/stub/versions/3/stats', '/v2/health/ready/', '/v2/health/live/../../score',
    '/none', '/.well-known/x', '*',
  ]; // prettier-ignore
  const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'TRACE', 'PROPFIND'];

  it.each(paths)('%s is refused for every method', async (target) => {
    const service = await start(createKeyAuthenticator(keys, logger));
    for (const method of methods) {
      const isHealth = target === '/?/score' && (method === 'GET' || method === 'HEAD');
      const status = await raw(service.port, [`${method} ${target} HTTP/1.1`, 'Host: x', 'Content-Length: 0']);
      // the health page with a query is the health page; what is no HTTP at all is 400
      expect({ method, target, ok: isHealth ? status === 200 : [400, 401].includes(status), status }).toMatchObject({
        ok: true,
      });
    }
    expect(service.scored).toEqual([]);
  });

  it.each([
    ['an absolute address', ['GET http://127.0.0.1/score HTTP/1.1', 'Host: x']],
    ['an absolute address that ends as health does', ['POST http://127.0.0.1/ HTTP/1.1', 'Host: x', 'Content-Length: 0']],
    ['a header that names another path', ['POST /score HTTP/1.1', 'Host: x', 'X-Original-URL: /', 'X-Rewrite-URL: /', 'Content-Length: 0']],
    ['a header that names another method', ['POST /score HTTP/1.1', 'Host: x', 'X-HTTP-Method-Override: GET', 'Content-Length: 0']],
    ['a header that says it is from here', ['POST /score HTTP/1.1', 'Host: localhost', 'X-Forwarded-For: 127.0.0.1', 'Content-Length: 0']],
    ['the key in the query', [`POST /score?key=${keys.primaryKey}&access_token=${keys.primaryKey} HTTP/1.1`, 'Host: x', 'Content-Length: 0']],
    ['the key in other headers', ['POST /score HTTP/1.1', 'Host: x', `Api-Key: ${keys.primaryKey}`, `X-Api-Key: ${keys.primaryKey}`, `Cookie: key=${keys.primaryKey}`, `Proxy-Authorization: Bearer ${keys.primaryKey}`, 'Content-Length: 0']],
    ['a wrong key and then the right one', ['POST /score HTTP/1.1', 'Host: x', 'Authorization: Bearer wrong', `Authorization: Bearer ${keys.primaryKey}`, 'Content-Length: 0']],
    ['a preflight', ['OPTIONS /score HTTP/1.1', 'Host: x', 'Origin: http://o', 'Access-Control-Request-Method: POST']],
    ['an upgrade', ['GET /score HTTP/1.1', 'Host: x', 'Connection: Upgrade', 'Upgrade: websocket']],
  ])('%s is refused', async (_, lines) => {
    const service = await start(createKeyAuthenticator(keys, logger));
    expect(await raw(service.port, lines)).toBe(401);
    expect(service.scored).toEqual([]);
  }); // prettier-ignore

  it('a body of 100 MB is refused before it is sent', async () => {
    const service = await start(createKeyAuthenticator(keys, logger));
    expect(await raw(service.port, ['POST /score HTTP/1.1', 'Host: x', 'Content-Length: 104857600'])).toBe(401);
  });

  it('two requests in one, told apart by their lengths, are refused', async () => {
    const service = await start(createKeyAuthenticator(keys, logger));
    const lines = ['GET / HTTP/1.1', 'Host: x', 'Content-Length: 5', 'Transfer-Encoding: chunked', '', '0', '', 'POST /score HTTP/1.1', 'Host: x', 'Content-Length: 0']; // prettier-ignore
    expect(await raw(service.port, lines)).toBe(400);
    expect(service.scored).toEqual([]);
  });
});

describe('no way around keys: with credentials that are none', () => {
  const { primaryKey, secondaryKey } = keys;
  it.each([
    '', 'Bearer', 'Bearer ', 'Bearer undefined', 'Bearer null', 'Bearer *', primaryKey, `Basic ${primaryKey}`,
    `Basic ${Buffer.from(`user:${primaryKey}`).toString('base64')}`, `Bearer ${primaryKey.slice(0, -1)}`, `Bearer ${primaryKey}x`,
    `Bearer ${primaryKey.toUpperCase()}`, `Bearer ${primaryKey} ${secondaryKey}`, `Bearer ${primaryKey},${secondaryKey}`,
    `Bearer ${primaryKey}${secondaryKey}`, `Bearer "${primaryKey}"`, `BearerX ${primaryKey}`, `Bearer=${primaryKey}`,
    `Bearer ${Buffer.from(primaryKey).toString('base64')}`, `Bearer\t${primaryKey}`, `Bearer ${'k'.repeat(15_000)}`,
  ])('%j is refused', async (authorization) => {
    const service = await start(createKeyAuthenticator(keys, logger));
    const response = await post(service, authorization);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expect(JSON.stringify(await response.json())).not.toContain(primaryKey.slice(0, 8));
    expect(service.scored).toEqual([]);
  }); // prettier-ignore

  it.each([`Bearer ${primaryKey}`, `Bearer ${secondaryKey}`, `bearer  ${primaryKey}`])(
    '%j is taken',
    async (authorization) => {
      const service = await start(createKeyAuthenticator(keys, logger));
      expect((await post(service, authorization)).status).toBe(200);
      expect((await fetch(service.url)).status).toBe(200);
    },
  );

  it('a key that was regenerated is refused within seconds, without a restart; a broken file changes nothing', async () => {
    const file = path.join(await temporaryFolder(), 'keys.json');
    await writeFile(file, JSON.stringify(keys));
    const service = await start(createKeyAuthenticator({ file }, logger));
    expect((await post(service, `Bearer ${primaryKey}`)).status).toBe(200);
    const another = 'another-key-0123456789';
    await writeFile(file, JSON.stringify({ ...keys, primaryKey: another }));
    await vi.waitFor(async () => expect((await post(service, `Bearer ${another}`)).status).toBe(200), 10_000);
    expect((await post(service, `Bearer ${primaryKey}`)).status).toBe(401);
    expect((await post(service, `Bearer ${secondaryKey}`)).status).toBe(200);
    await writeFile(file, '{}');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect((await post(service, `Bearer ${another}`)).status).toBe(200);
    expect((await post(service, 'Bearer undefined')).status).toBe(401);
  });

  it.each([
    ['no keys', '{}'],
    ['a short key', JSON.stringify({ ...keys, secondaryKey: 'short' })],
    ['no JSON', keys.primaryKey],
  ])('a file with %s starts no service, and the failure shows no key', async (_, text) => {
    const file = path.join(await temporaryFolder(), 'keys.json');
    await writeFile(file, text);
    expect(() => createKeyAuthenticator({ file }, logger)).toThrow(
      expect.objectContaining({ code: 'AuthenticationInvalid', message: expect.not.stringContaining(primaryKey) as string }) as Error,
    );
  }); // prettier-ignore
});

describe('no way around tokens', () => {
  const audience = 'service';
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const now = Math.floor(Date.now() / 1000);

  /** An OIDC issuer with one key. */
  async function issuer(): Promise<{ url: string; fetched: string[]; fail: boolean }> {
    const jwk = { ...(await exportJWK(rsa.publicKey)), kid: 'one', use: 'sig', alg: 'RS256' };
    const state = { url: '', fetched: [] as string[], fail: false };
    const server = createServer((request, response) => {
      state.fetched.push(request.url ?? '');
      if (state.fail) response.writeHead(500).end();
      else if (request.url === '/.well-known/openid-configuration') {
        response.end(JSON.stringify({ issuer: state.url, jwks_uri: `${state.url}/keys` }));
      } else response.end(JSON.stringify({ keys: [jwk] }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return state;
  }

  interface Forgery {
    readonly claims?: Readonly<Record<string, unknown>>;
    readonly header?: Record<string, unknown>;
    readonly key?: typeof rsa.privateKey | Uint8Array;
    readonly alg?: string;
  }

  async function sign(iss: string, { claims, header, key, alg }: Forgery = {}): Promise<string> {
    const payload = { iss, aud: audience, exp: now + 600, ...claims };
    return await new SignJWT(payload).setProtectedHeader({ alg: alg ?? 'RS256', kid: 'one', ...header }).sign(key ?? rsa.privateKey); // prettier-ignore
  }

  it('takes a token of the issuer, and asks for its keys once', async () => {
    const { url, fetched } = await issuer();
    const service = await start(createTokenAuthenticator({ issuer: url, audience }));
    for (let i = 0; i < 3; i += 1) expect((await post(service, `Bearer ${await sign(url)}`)).status).toBe(200);
    expect((await post(service, `Bearer ${await sign(url, { claims: { aud: ['x', audience] } })}`)).status).toBe(200);
    expect(fetched).toEqual(['/.well-known/openid-configuration', '/keys']);
  });

  const publicPem = Buffer.from(rsa.publicKey.export({ type: 'spki', format: 'pem' }));
  const forgeries: [string, Forgery][] = [
    ['expired', { claims: { exp: now - 120 } }],
    ['without an end', { claims: { exp: undefined } }],
    ['not valid yet', { claims: { nbf: now + 600 } }],
    ['of another issuer', { claims: { iss: 'https://other' } }],
    ['without an issuer', { claims: { iss: undefined } }],
    ['for another audience', { claims: { aud: 'other' } }],
    ['for no audience', { claims: { aud: undefined } }],
    ['signed with another key', { key: other.privateKey }],
    ['signed with a key that nobody knows', { key: other.privateKey, header: { kid: 'two' } }],
    ['signed with the public key as a secret', { key: publicPem, alg: 'HS256' }],
  ];

  it.each(forgeries)('refuses a token %s', async (_, forgery) => {
    const { url } = await issuer();
    const service = await start(createTokenAuthenticator({ issuer: url, audience }));
    expect((await post(service, `Bearer ${await sign(url, forgery)}`)).status).toBe(401);
    expect(service.scored).toEqual([]);
  });

  it('refuses tokens without a signature, changed ones, and what brings its own key', async () => {
    const { url } = await issuer();
    const service = await start(createTokenAuthenticator({ issuer: url, audience }));
    const good = await sign(url);
    const [header = '', payload = '', signature = ''] = good.split('.');
    const changed = Buffer.from(JSON.stringify({ iss: url, aud: audience, exp: now + 9e9 })).toString('base64url');
    const own = await sign(url, { key: other.privateKey, header: { jwk: await exportJWK(other.publicKey) } });
    const unsigned = new UnsecuredJWT({ iss: url, aud: audience, exp: now + 600 }).encode();
    const tokens = [unsigned, own, `${header}.${changed}.${signature}`, `${header}.${payload}.`, `${header}.${payload}`, 'a.b.c', '..', keys.primaryKey]; // prettier-ignore
    for (const token of tokens) expect((await post(service, `Bearer ${token}`)).status).toBe(401);
    expect((await post(service)).status).toBe(401);
    expect(service.scored).toEqual([]);
  });

  it('lets nobody in while the keys cannot be fetched, and goes on when they can', async () => {
    const state = await issuer();
    state.fail = true;
    const service = await start(createTokenAuthenticator({ issuer: state.url, audience }));
    const response = await post(service, `Bearer ${await sign(state.url)}`);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(service.scored).toEqual([]);
    state.fail = false;
    expect((await post(service, `Bearer ${await sign(state.url)}`)).status).toBe(200);
  });
});

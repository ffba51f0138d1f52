import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import tar from 'tar-stream';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { PackagerError } from '../packager-error.ts';
import { findNodeFiles, nodePackages } from './node-package.ts';
import type { NpmPackage } from './npm-package.ts';

interface Setup {
  readonly cache: string;
  readonly wanted: NpmPackage;
  /** How often the archive was fetched. */
  readonly fetched: () => number;
}

/** A registry of npm on this machine, with one package that looks like one of Node.js. */
async function createRegistry(): Promise<Setup> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-npm-'));
  const archive = await packageArchive();
  const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
  let fetched = 0;
  const server = createServer((request, response) => {
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    if (request.url?.endsWith('.tgz') === true) {
      fetched += 1;
      response.end(archive);
      return;
    }
    const dist = { tarball: `${origin}/node-linux-test/-/node-linux-test-1.0.0.tgz`, integrity };
    const version = { name: 'node-linux-test', version: '1.0.0', dist };
    const known = { name: 'node-linux-test', 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': version } };
    response.setHeader('content-type', 'application/json');
    response.statusCode = request.url === '/node-linux-test' ? 200 : 404;
    response.end(JSON.stringify(response.statusCode === 200 ? known : { error: 'not found' }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // npm takes its settings from the environment, which the packager hands on
  vi.stubEnv('npm_config_registry', `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  vi.stubEnv('npm_config_cache', path.join(folder, 'npm'));
  vi.stubEnv('npm_config_fetch_retries', '0');
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });
  const wanted = { name: 'node-linux-test', version: '1.0.0', integrity };
  return { cache: path.join(folder, 'cache'), wanted, fetched: () => fetched };
}

async function packageArchive(): Promise<Buffer> {
  const pack = tar.pack();
  const files = {
    'package.json': '{"name":"node-linux-test","version":"1.0.0"}',
    'bin/node': 'binary',
    LICENSE: 'MIT',
  };
  for (const [name, content] of Object.entries(files)) pack.entry({ name: `package/${name}` }, content);
  pack.finalize();
  return gzipSync(Buffer.concat(await Array.fromAsync(pack as AsyncIterable<Uint8Array>)));
}

async function failure(action: Promise<unknown>): Promise<PackagerError> {
  const error: unknown = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof PackagerError) return error;
  throw new TypeError(`expected a PackagerError, not ${String(error)}`, { cause: error });
}

describe('findNodeFiles', () => {
  it('takes what is installed', async () => {
    const { cache, fetched } = await createRegistry();
    const { node, license } = await findNodeFiles(nodePackages.amd64, cache);
    expect((await readFile(node)).subarray(0, 4).toString('latin1')).toBe('\x7fELF');
    expect(await readFile(license, 'utf8')).toContain('Node.js');
    expect(fetched()).toBe(0);
  });

  it('fetches what is not, once, and checks it', async () => {
    const { cache, wanted, fetched } = await createRegistry();
    const first = await findNodeFiles(wanted, cache);
    expect(await readFile(first.node, 'utf8')).toBe('binary');
    expect(await readFile(first.license, 'utf8')).toBe('MIT');
    expect(await findNodeFiles(wanted, cache)).toEqual(first);
    expect(fetched()).toBe(1);
  });

  it('refuses another archive than the one it knows, and keeps nothing of it', async () => {
    const { cache, wanted } = await createRegistry();
    const error = await failure(findNodeFiles({ ...wanted, integrity: 'sha512-other' }, cache));
    expect(error.code).toBe('RuntimePackageMissing');
    expect(error.message).toContain('instead of sha512-other');
    expect(await readdir(path.join(cache, 'packages'))).toEqual([]);
  });

  it('says why npm could not fetch', async () => {
    const { cache, wanted } = await createRegistry();
    const error = await failure(findNodeFiles({ ...wanted, name: 'node-linux-none' }, cache));
    expect(error.message).toContain('"npm pack" failed');
    expect(error.message).toContain('404');
  });

  it('stops fetching when it is told to', async () => {
    const { cache, wanted } = await createRegistry();
    await expect(findNodeFiles(wanted, cache, AbortSignal.timeout(50))).rejects.toThrow('aborted');
    expect(await readdir(path.join(cache, 'packages'))).toEqual([]);
  });
});

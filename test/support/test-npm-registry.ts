import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import tar from 'tar-stream';
import { onTestFinished, vi } from 'vitest';

/** A package as it is published: its package.json, and its other files by path. */
export interface PublishedPackage {
  readonly manifest: Readonly<Record<string, unknown>> & { readonly name: string; readonly version: string };
  readonly files?: Readonly<Record<string, string>>;
}

interface Archive {
  readonly bytes: Buffer;
  readonly integrity: string;
}

/** A registry of npm on this machine, with one version of some packages. */
export class TestNpmRegistry implements AsyncDisposable {
  /** Names of the packages whose archives were fetched, in order. */
  readonly fetched: string[] = [];
  readonly #packages = new Map<string, PublishedPackage['manifest'] & { readonly archive: Archive }>();
  readonly #server = createServer((request, response) => {
    const [name = '', file] = decodeURIComponent(request.url?.slice(1) ?? '').split('/-/');
    const found = this.#packages.get(name);
    if (found === undefined) {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"not found"}');
    } else if (file === undefined) {
      const { archive, ...manifest } = found;
      const dist = { tarball: this.archiveUrl(name), integrity: archive.integrity };
      const versions = { [manifest.version]: { ...manifest, dist } };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ name, 'dist-tags': { latest: manifest.version }, versions }));
    } else {
      this.fetched.push(name);
      response.end(found.archive.bytes);
    }
  });

  static async start(packages: readonly PublishedPackage[]): Promise<TestNpmRegistry> {
    const registry = new TestNpmRegistry();
    for (const one of packages) {
      registry.#packages.set(one.manifest.name, { ...one.manifest, archive: await archiveOf(one) });
    }
    registry.#server.listen(0, '127.0.0.1');
    await once(registry.#server, 'listening');
    return registry;
  }

  /** Starts one that npm asks in this test, with a cache of its own in a folder; both end with the test. */
  static async forTest(packages: readonly PublishedPackage[], folder: string): Promise<TestNpmRegistry> {
    const registry = await TestNpmRegistry.start(packages);
    // npm takes its settings from the environment, which the packager hands on
    vi.stubEnv('npm_config_registry', registry.url);
    vi.stubEnv('npm_config_cache', path.join(folder, 'npm'));
    vi.stubEnv('npm_config_fetch_retries', '0');
    onTestFinished(async () => {
      vi.unstubAllEnvs();
      await registry[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    });
    return registry;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  archiveUrl(name: string): string {
    return `${this.url}${name}/-/${name.split('/').at(-1)}-1.0.0.tgz`;
  }

  integrityOf(name: string): string {
    return this.#packages.get(name)?.archive.integrity ?? '';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

async function archiveOf({ manifest, files = {} }: PublishedPackage): Promise<Archive> {
  const pack = tar.pack();
  pack.entry({ name: 'package/package.json' }, JSON.stringify(manifest));
  for (const [name, content] of Object.entries(files)) pack.entry({ name: `package/${name}` }, content);
  pack.finalize();
  const bytes = gzipSync(Buffer.concat(await Array.fromAsync(pack as AsyncIterable<Uint8Array>)));
  return { bytes, integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}` };
}

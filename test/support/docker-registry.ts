import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';

export interface DockerRegistryOptions {
  /** Path of the program docker-registry. */
  readonly executable: string;
  /** A line of an htpasswd file (bcrypt); without one everybody may do everything. */
  readonly htpasswd?: string;
  /** PEM; with it the registry speaks HTTPS. */
  readonly tls?: { readonly certificate: string; readonly privateKey: string };
  /** Where it keeps what it gets; default: a folder of its own. */
  readonly storage?: string;
}

const START_TIMEOUT_MS = 20_000;

/** The registry of Debian's package docker-registry, on a free port of 127.0.0.1, with a configuration file of its own. */
export class DockerRegistry implements AsyncDisposable {
  readonly host: string;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(host: string, child: ChildProcess, folder: string) {
    this.host = host;
    this.#child = child;
    this.#folder = folder;
  }

  static async start(options: DockerRegistryOptions): Promise<DockerRegistry> {
    const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-registry-'));
    const host = `127.0.0.1:${await freePort()}`;
    const config = path.join(folder, 'config.yml');
    await writeFile(config, JSON.stringify(await configOf(options, folder, host)));
    const child = spawn(options.executable, ['serve', config], { stdio: ['ignore', 'ignore', 'pipe'] });
    const registry = new DockerRegistry(host, child, folder);
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = `${said}${text}`.slice(-2000);
    });
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!(await answers(options.tls === undefined ? 'http' : 'https', host))) {
      if (Date.now() < deadline && child.exitCode === null) {
        await sleep(50);
        continue;
      }
      await registry[Symbol.asyncDispose]();
      throw new TypeError(`docker-registry does not start: ${said}`);
    }
    return registry;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGKILL');
      await once(this.#child, 'exit');
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** JSON is YAML too. */
async function configOf(options: DockerRegistryOptions, folder: string, host: string): Promise<object> {
  const write = async (name: string, text: string): Promise<string> => {
    const file = path.join(folder, name);
    await writeFile(file, text);
    return file;
  };
  const storage = options.storage ?? path.join(folder, 'data');
  await mkdir(storage, { recursive: true });
  const { htpasswd, tls } = options;
  return {
    version: '0.1',
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: storage }, delete: { enabled: true } },
    http: {
      addr: host,
      secret: 'of a test',
      ...(tls === undefined
        ? {}
        : {
            tls: {
              certificate: await write('certificate.pem', tls.certificate),
              key: await write('key.pem', tls.privateKey),
            },
          }),
    },
    ...(htpasswd === undefined
      ? {}
      : { auth: { htpasswd: { realm: 'test', path: await write('htpasswd', `${htpasswd}\n`) } } }),
  };
}

/** With TLS only whether it listens: nobody trusts its certificate yet. */
async function answers(scheme: 'http' | 'https', host: string): Promise<boolean> {
  return await fetch(`${scheme}://${host}/v2/`, { signal: AbortSignal.timeout(2000) }).then(
    () => true,
    (error: unknown) => scheme === 'https' && JSON.stringify(error, ['cause', 'code']).includes('SELF_SIGNED'),
  );
}

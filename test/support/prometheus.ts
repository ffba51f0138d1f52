import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';

/** One series of an answer. */
export interface PrometheusSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

const START_TIMEOUT_MS = 30_000;

/** A Prometheus that scrapes one program five times a second. */
export class Prometheus implements AsyncDisposable {
  readonly #url: string;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(url: string, child: ChildProcess, folder: string) {
    this.#url = url;
    this.#child = child;
    this.#folder = folder;
  }

  /** @param target `HOST:PORT` of the program, which has its metrics at /metrics */
  static async start(executable: string, target: string): Promise<Prometheus> {
    const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-prometheus-'));
    const host = `127.0.0.1:${await freePort()}`;
    const config = path.join(folder, 'prometheus.yml');
    const scrape = { job_name: 'scorers', static_configs: [{ targets: [target] }] };
    await writeFile(
      config,
      JSON.stringify({ global: { scrape_interval: '200ms', scrape_timeout: '200ms' }, scrape_configs: [scrape] }),
    );
    const flags = [`--config.file=${config}`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=${host}`];
    const child = spawn(executable, flags, { stdio: 'ignore' });
    const prometheus = new Prometheus(`http://${host}`, child, folder);
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!(await isReady(`http://${host}/-/ready`))) {
      if (Date.now() > deadline || child.exitCode !== null) {
        await prometheus[Symbol.asyncDispose]();
        throw new TypeError('Prometheus does not start');
      }
      await sleep(50);
    }
    return prometheus;
  }

  /** Evaluates a query now. Rejects with what Prometheus says when it is none. */
  async query(text: string): Promise<readonly PrometheusSeries[]> {
    const response = await fetch(`${this.#url}/api/v1/query?${new URLSearchParams({ query: text }).toString()}`);
    const answer = (await response.json()) as {
      readonly error?: string;
      readonly data?: { readonly result: readonly PrometheusSeries[] };
    };
    if (answer.data === undefined) throw new TypeError(`Prometheus refuses ${text}: ${answer.error}`);
    return answer.data.result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) {
      const ended = new Promise((resolve) => this.#child.once('exit', resolve));
      this.#child.kill('SIGKILL');
      await ended;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function isReady(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}

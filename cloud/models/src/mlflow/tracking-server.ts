import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '@edgewright/contract';
import type { MlflowRun, MlflowStore, RunSelection } from './mlflow-store.ts';
import { assetParts, runNotFound, storeFailed } from './run-failure.ts';

export interface TrackingServerOptions {
  /** `Authorization` of each request. */
  readonly authorization?: string;
  readonly signal?: AbortSignal;
}

const REQUEST_TIMEOUT_MS = 60_000;
const DOWNLOAD_TIMEOUT_MS = 3_600_000;
const MAX_FILES = 10_000;
const MAX_PAGES = 1000;

/** MLflow's tracking server, over its REST API 2.0. */
export class TrackingServer implements MlflowStore {
  readonly #base: URL;
  readonly #options: TrackingServerOptions;

  constructor(address: string, options: TrackingServerOptions = {}) {
    this.#base = new URL(address.endsWith('/') ? address : `${address}/`);
    this.#options = options;
  }

  async findRun({ runId, experimentName }: RunSelection): Promise<MlflowRun> {
    if (runId !== undefined) return await this.#runById(runId, experimentName);
    if (experimentName === undefined) throw this.#notFound('neither a run nor an experiment was named');
    const { experiment } = (await this.#get('experiments/get-by-name', { experiment_name: experimentName })) as {
      experiment?: { experiment_id?: string };
    };
    const body = {
      experiment_ids: [experiment?.experiment_id],
      filter: "attributes.status = 'FINISHED'",
      max_results: 1,
      order_by: ['attributes.start_time DESC'],
    };
    const { runs = [] } = (await this.#ask('runs/search', { body })) as { runs?: { info: { run_id: string } }[] };
    const [run] = runs;
    if (run === undefined) throw this.#notFound(`there is no finished run in the experiment "${experimentName}"`);
    return { runId: run.info.run_id, experimentName };
  }

  async fetchAsset(run: MlflowRun, assetPath: string, staging: string): Promise<string> {
    const parts = assetParts(this.#base.origin, assetPath);
    const wanted = parts.join('/');
    const files = await this.#filesBelow(run, wanted);
    if (files.length === 0) throw this.#notFound(`the run ${run.runId} has no artifact "${assetPath}"`);
    for (const file of files)
      await this.#download(run, file, path.join(staging, ...assetParts(this.#base.origin, file)));
    return path.join(staging, ...parts);
  }

  async #runById(runId: string, experimentName: string | undefined): Promise<MlflowRun> {
    const { run } = (await this.#get('runs/get', { run_id: runId })) as { run?: { info?: { experiment_id?: string } } };
    const { experiment } = (await this.#get('experiments/get', {
      experiment_id: run?.info?.experiment_id ?? '',
    })) as { experiment?: { name?: string } };
    const name = experiment?.name ?? '';
    if (experimentName !== undefined && experimentName !== name) {
      throw this.#notFound(`the run "${runId}" belongs to the experiment "${name}", and not to "${experimentName}"`);
    }
    return { runId, experimentName: name };
  }

  /** All files at or below a path; the server lists one folder at a time, in pages. */
  async #filesBelow(run: MlflowRun, wanted: string): Promise<readonly string[]> {
    const parent = path.posix.dirname(wanted);
    const siblings = await this.#list(run, parent === '.' ? '' : parent);
    const self = siblings.find((entry) => entry.path === wanted);
    if (self === undefined) return [];
    if (self.is_dir !== true) return [wanted];
    const files: string[] = [];
    const folders = [wanted];
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      for (const entry of await this.#list(run, folder)) {
        // a server that lists what is elsewhere could be made to fetch for ever
        if (!entry.path.startsWith(`${folder}/`))
          throw storeFailed(this.#base.origin, `it lists "${entry.path}" in "${folder}"`);
        if (entry.is_dir === true) folders.push(entry.path);
        else files.push(entry.path);
        if (files.length + folders.length > MAX_FILES)
          throw this.#notFound(`"${wanted}" has more than ${MAX_FILES} files`);
      }
    }
    return files;
  }

  async #list(run: MlflowRun, folder: string): Promise<readonly { path: string; is_dir?: boolean }[]> {
    const found: { path: string; is_dir?: boolean }[] = [];
    let token: string | undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const query = { run_id: run.runId, path: folder, ...(token === undefined ? {} : { page_token: token }) };
      const answer = (await this.#get('artifacts/list', query)) as { files?: typeof found; next_page_token?: string };
      found.push(...(answer.files ?? []));
      token = answer.next_page_token;
      if (token === undefined || token === '') return found;
    }
    throw this.#notFound(`the folder "${folder}" does not end after ${MAX_PAGES} pages`);
  }

  async #download(run: MlflowRun, file: string, target: string): Promise<void> {
    const url = new URL('get-artifact', this.#base);
    url.searchParams.set('path', file);
    url.searchParams.set('run_uuid', run.runId);
    const response = await this.#fetch(url, {}, DOWNLOAD_TIMEOUT_MS);
    if (!response.ok || response.body === null) throw this.#refused(`download "${file}"`, response.status);
    await mkdir(path.dirname(target), { recursive: true });
    await pipeline(Readable.fromWeb(response.body), createWriteStream(target, { flags: 'wx' })).catch(
      (cause: unknown) => {
        throw storeFailed(this.#base.origin, `the download of "${file}" broke off: ${messageOf(cause)}`, cause);
      },
    );
  }

  async #get(verb: string, query: Readonly<Record<string, string>>): Promise<unknown> {
    return await this.#ask(verb, { query });
  }

  async #ask(
    verb: string,
    { query = {}, body }: { readonly query?: Readonly<Record<string, string>>; readonly body?: object },
  ): Promise<unknown> {
    const url = new URL(`api/2.0/mlflow/${verb}`, this.#base);
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
    const response = await this.#fetch(url, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) });
    const text = await response.text();
    if (response.ok) return JSON.parse(text) as unknown;
    const { message } = jsonIn(text) as { message?: string };
    if (response.status === 404) throw this.#notFound(message ?? `${verb} answers 404`);
    throw this.#refused(verb, response.status, message);
  }

  async #fetch(url: URL, init: RequestInit, timeoutMs = REQUEST_TIMEOUT_MS): Promise<Response> {
    const { authorization, signal } = this.#options;
    const limit = AbortSignal.timeout(timeoutMs);
    const headers = {
      'content-type': 'application/json',
      ...(authorization === undefined ? {} : { authorization }),
    };
    try {
      return await fetch(url, {
        ...init,
        headers,
        signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
      });
    } catch (cause) {
      signal?.throwIfAborted();
      throw storeFailed(this.#base.origin, `it does not answer: ${messageOf(cause)}`, cause);
    }
  }

  #refused(action: string, status: number, message = ''): Error {
    return storeFailed(this.#base.origin, `${action} answers ${status}${message === '' ? '' : `: ${message}`}`);
  }

  #notFound(reason: string): Error {
    return runNotFound(this.#base.origin, reason);
  }
}

function jsonIn(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

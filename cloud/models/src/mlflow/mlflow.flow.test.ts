import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openModelRegistry } from '../open-model-registry.ts';
import { openMlflowStore } from './open-mlflow-store.ts';

/** Written by MLflow 3.17 itself, with two runs; it has been moved since. */
const recorded = fileURLToPath(new URL('../../../../test/support/mlruns', import.meta.url));
const FIRST = '9291587b8172411f9536617f22d00de5';
const SECOND = '8f22752609e84e6a832b6f8afa04c41a';

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-mlflow-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

describe("MLflow's folder", () => {
  it('gives the newest finished run of an experiment, or the one that is named', async () => {
    const store = openMlflowStore(recorded);
    expect((await store.findRun({ experimentName: 'diabetes' })).runId).toBe(SECOND);
    const run = await store.findRun({ runId: FIRST });
    expect(run).toMatchObject({ runId: FIRST, experimentName: 'diabetes' });
    const asset = await store.fetchAsset(run, 'model/weights.bin', '');
    expect(await readFile(asset, 'utf8')).toBe('weights of run 0');
  });

  it('passes over runs that failed or were deleted', async () => {
    const folder = path.join(await makeFolder(), 'mlruns');
    await cp(recorded, folder, { recursive: true });
    const file = path.join(folder, '753531721121063354', SECOND, 'meta.yaml');
    await writeFile(file, (await readFile(file, 'utf8')).replace('status: 3', 'status: 4'));
    expect((await openMlflowStore(`file://${folder}`).findRun({ experimentName: 'diabetes' })).runId).toBe(FIRST);
    const first = path.join(folder, '753531721121063354', FIRST, 'meta.yaml');
    await writeFile(
      first,
      (await readFile(first, 'utf8')).replace('lifecycle_stage: active', 'lifecycle_stage: deleted'),
    );
    await expect(openMlflowStore(folder).findRun({ experimentName: 'diabetes' })).rejects.toThrow('no finished run');
  });

  it('says what is not there, and lets nobody out of the artifacts', async () => {
    const store = openMlflowStore(recorded);
    const run = await store.findRun({ runId: FIRST });
    await expect(store.findRun({ runId: FIRST, experimentName: 'Default' })).rejects.toMatchObject({
      code: 'RunNotFound',
    });
    await expect(store.fetchAsset(run, 'model/none', '')).rejects.toMatchObject({ code: 'RunNotFound' });
    for (const place of ['../meta.yaml', '/etc/passwd', '', 'model/../../meta.yaml', String.raw`model\..\x`]) {
      await expect(store.fetchAsset(run, place, '')).rejects.toThrow('is no path inside the artifacts');
    }
    await expect(openMlflowStore('/no/such/mlruns').findRun({})).rejects.toMatchObject({ code: 'TrackingStoreFailed' });
  });

  it('is remembered by the model', async () => {
    const store = openMlflowStore(recorded);
    const run = await store.findRun({ experimentName: 'diabetes' });
    await using registry = await openModelRegistry(path.join(await makeFolder(), 'models'));
    const { runId, experimentName } = run;
    const source = await store.fetchAsset(run, 'model', '');
    const model = await registry.register({ name: 'ridge', path: source, run: { runId, experimentName } });
    expect(model).toMatchObject({ runId: SECOND, experimentName: 'diabetes' });
    expect(model.files.map((file) => file.path)).toEqual(['notes.txt', 'weights.bin']);
    expect(await registry.get({ name: 'ridge' })).toEqual(model);
  });
});

type Handler = (url: URL) => { readonly status?: number; readonly body: unknown };

/** A tracking server that answers as the REST API of MLflow describes it. */
async function startServer(handler: Handler, authorization?: string): Promise<string> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const isKnown = authorization === undefined || request.headers.authorization === authorization;
    const { status = 200, body } = isKnown ? handler(url) : { status: 401, body: { message: 'who are you?' } };
    request.resume();
    response.writeHead(status).end(Buffer.isBuffer(body) ? body : JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const api: Handler = (url) => {
  const asked = url.searchParams;
  if (url.pathname === '/get-artifact') return { body: Buffer.from(`content of ${asked.get('path')}`) };
  switch (url.pathname.replace('/api/2.0/mlflow/', '')) {
    case 'experiments/get-by-name':
      if (asked.get('experiment_name') !== 'diabetes') {
        return { status: 404, body: { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'Could not find experiment' } };
      }
      return { body: { experiment: { experiment_id: '7', name: 'diabetes' } } };
    case 'experiments/get':
      return { body: { experiment: { experiment_id: '7', name: 'diabetes' } } };
    case 'runs/search':
      return { body: { runs: [{ info: { run_id: SECOND } }] } };
    case 'runs/get':
      return { body: { run: { info: { run_id: asked.get('run_id'), experiment_id: '7' } } } };
    case 'artifacts/list':
      if (asked.get('path') === '') return { body: { files: [{ path: 'model', is_dir: true }] } };
      if (asked.get('path') !== 'model') return { body: { files: [{ path: 'model/data/w.bin', is_dir: false }] } };
      return asked.get('page_token') === null
        ? { body: { files: [{ path: 'model/a.txt', is_dir: false }], next_page_token: 'more' } }
        : { body: { files: [{ path: 'model/data', is_dir: true }] } };
    default:
      return { status: 500, body: {} };
  }
};

describe('a tracking server', () => {
  it('gives runs and what they wrote, folder by folder and page by page', async () => {
    const store = openMlflowStore(await startServer(api, 'Bearer token'), { authorization: 'Bearer token' });
    expect(await store.findRun({ experimentName: 'diabetes' })).toEqual({ runId: SECOND, experimentName: 'diabetes' });
    const run = await store.findRun({ runId: FIRST });
    expect(run).toEqual({ runId: FIRST, experimentName: 'diabetes' });
    const staging = await makeFolder();
    const asset = await store.fetchAsset(run, 'model', staging);
    expect((await readdir(asset, { recursive: true })).toSorted()).toEqual(['a.txt', 'data', 'data/w.bin']);
    expect(await readFile(path.join(asset, 'data/w.bin'), 'utf8')).toBe('content of model/data/w.bin');
  });

  it('says what is not there, and what is refused', async () => {
    const address = await startServer(api, 'Bearer token');
    const store = openMlflowStore(address, { authorization: 'Bearer token' });
    await expect(store.findRun({ experimentName: 'other' })).rejects.toThrow('Could not find experiment');
    await expect(store.findRun({ runId: FIRST, experimentName: 'other' })).rejects.toThrow('and not to "other"');
    await expect(openMlflowStore(address).findRun({ runId: FIRST })).rejects.toThrow('answers 401: who are you?');
    await expect(openMlflowStore('http://127.0.0.1:1').findRun({ runId: FIRST })).rejects.toMatchObject({
      code: 'TrackingStoreFailed',
    });
  });

  it('cannot make files elsewhere', async () => {
    const hostile: Handler = (url) => {
      if (!url.pathname.endsWith('artifacts/list')) return api(url);
      const folder = url.searchParams.get('path');
      return {
        body: { files: [folder === '' ? { path: 'model', is_dir: true } : { path: 'model/../../x', is_dir: false }] },
      };
    };
    const store = openMlflowStore(await startServer(hostile));
    const staging = path.join(await makeFolder(), 'staging');
    await mkdir(staging);
    const run = { runId: FIRST, experimentName: 'diabetes' };
    await expect(store.fetchAsset(run, 'model', staging)).rejects.toThrow('is no path inside the artifacts');
    expect(await readdir(path.dirname(staging))).toEqual(['staging']);
  });
});

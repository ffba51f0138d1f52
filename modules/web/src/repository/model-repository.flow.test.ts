import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createEngine } from '@edgewright/engine';
import type { EngineModel } from '@edgewright/engine';
import { createLogger } from '@edgewright/telemetry';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bundledWorker, modelFile } from '../../../../test/support/engine-fixture.ts';
import { need } from '../../../../test/support/need.ts';
import { affineOnnx, slowOnnx } from '../../../../test/support/tiny-models.ts';
import { webServer } from '../../../../test/support/web-fixture.ts';
import { createKeyAuthenticator } from '../auth/key-authenticator.ts';
import { ModelRepository } from './model-repository.ts';
import type { RepositoryModel } from './model-repository.ts';

const logger = createLogger({ level: 'silent', name: 'test' });
const keys = { primaryKey: 'primary-key-0123456789', secondaryKey: 'secondary-key-0123456789' };

async function openRepository(models: RepositoryModel[], ...loaded: string[]): Promise<ModelRepository> {
  const workerProgram = await bundledWorker();
  const start = (model: EngineModel) =>
    createEngine({ models: [model], modelDirectory: '/', backend: 'auto', threads: 1, execution: 'worker', workerProgram });
  const repository = new ModelRepository({ list: () => Promise.resolve(models), start, logger });
  onTestFinished(() => repository[Symbol.asyncDispose]());
  for (const name of loaded) await repository.load(name);
  return repository;
} // prettier-ignore

const affine = (name: string, version = 1) => modelFile(affineOnnx(), name, version);
const request = (model: string, width: number) => ({
  requestId: model,
  model,
  inputs: { x: { datatype: 'FP32', shape: [1, width], data: new Float32Array(width) } } as const,
});

describe('a repository of models', () => {
  it('is driven by NVIDIA’s Python clients, over HTTP and gRPC, for whoever has the primary key', async (context) => {
    const { executable } = await need(context, 'python');
    const broken = await modelFile(Buffer.from('no model'), 'broken');
    const models = [await affine('tiny'), await affine('other', 1), await affine('other', 2), broken];
    const repository = await openRepository(models, 'tiny');
    const authenticator = createKeyAuthenticator(keys, logger);
    const { port, grpcPort } = await webServer({}, { engine: repository, repository, authenticator, grpcPort: 0 });
    const program = fileURLToPath(new URL('../../../../test/support/oip-client/repository.py', import.meta.url));
    const addresses = [`127.0.0.1:${port}`, `127.0.0.1:${grpcPort}`];
    const { stdout } = await promisify(execFile)(executable, [program, ...addresses, keys.primaryKey, keys.secondaryKey], { timeout: 100_000 }); // prettier-ignore
    const resting = {
      'broken:1': 'UNAVAILABLE',
      'other:1': 'UNAVAILABLE',
      'other:2': 'UNAVAILABLE',
      'tiny:1': 'READY',
    };
    const scored = [[3, 5, 7], [9, 11, 13]]; // prettier-ignore
    const refused = (status: string, text: string) => ({ status, message: expect.stringContaining(text) as string });
    const seen = (statuses: Readonly<Record<string, string>>, count: number) => ({
      start: resting,
      'not loaded': refused(statuses['503'] ?? '', count === 1 ? 'there is no model "other"' : 'the model "other" is not loaded'),
      'not ready': false,
      'second key': refused(statuses['403'] ?? '', 'these credentials may score, and no more'),
      loaded: { ...resting, 'other:2': 'READY' },
      ready: true,
      scored: [scored, scored],
      unloaded: resting,
      broken: refused(statuses['422'] ?? '', 'cannot load broken:1'),
      unknown: refused(statuses['404'] ?? '', 'there is no model "nothing" in the repository; there is tiny, other, broken'),
      config: refused(statuses['400'] ?? '', 'the parameter "config" is not taken'),
      counts: [2 * count, count, count, 0, true],
    }); // prettier-ignore
    const status = (name: string) => `StatusCode.${name}`;
    expect(JSON.parse(stdout)).toEqual({
      http: seen({ 400: '400', 403: '403', 404: '404', 422: '422', 503: '404' }, 1),
      grpc: seen({ 400: status('INVALID_ARGUMENT'), 403: status('PERMISSION_DENIED'), 404: status('NOT_FOUND'), 422: status('FAILED_PRECONDITION'), 503: status('UNAVAILABLE') }, 2),
    }); // prettier-ignore
  }, 400_000);

  it('answers what a model took before it goes, and refuses what comes after', async () => {
    const repository = await openRepository([await modelFile(slowOnnx(40), 'slow'), await affine('tiny')], 'slow', 'tiny');
    const width = repository.describe().models.find(({ name }) => name === 'slow')?.signature.inputs[0]?.shape ?? [];
    const size = width.reduce((product, length) => product * Math.max(1, length), 1);
    const slow = { requestId: 'a', model: 'slow', inputs: { x: { datatype: 'FP32', shape: width.map((length) => Math.max(1, length)), data: new Float32Array(size) } } } as const;
    const taken = Promise.all(Array.from({ length: 4 }, () => repository.infer({ ...slow, inputs: { x: { ...slow.inputs.x, data: new Float32Array(size) } } })));
    const unloading = repository.unload('slow');
    await expect(repository.infer(slow)).rejects.toMatchObject({ code: 'ModelNotLoaded' });
    await expect(repository.load('slow')).rejects.toMatchObject({ code: 'ModelBusy' });
    expect(repository.describe().models.map(({ name }) => name)).toEqual(['tiny']);
    expect((await taken).length).toBe(4);
    await unloading;
    await expect(repository.unload('slow')).rejects.toMatchObject({ code: 'ModelNotLoaded' });
    expect(repository.stats()).toMatchObject({ running: 0, waiting: 0, failed: 0 });
  }); // prettier-ignore

  it('loads a newer version while the older one serves, and keeps that when it fails', async () => {
    const models: RepositoryModel[] = [await affine('tiny', 1)];
    const repository = await openRepository(models, 'tiny');
    models.push({ name: 'tiny', version: 2, fault: 'there is no model file' });
    await expect(repository.load('tiny')).rejects.toMatchObject({ code: 'ModelLoadFailed', message: 'cannot load tiny:2: there is no model file' });
    models.push(await affine('tiny', 3));
    const answers = Array.from({ length: 20 }, () => repository.infer(request('tiny', 3)));
    await repository.load('tiny');
    expect((await Promise.all(answers)).every(({ outputs }) => outputs['y'] !== undefined)).toBe(true);
    expect(await repository.index()).toMatchObject([{ version: '1', state: 'UNAVAILABLE' }, { version: '2', reason: 'there is no model file' }, { version: '3', state: 'READY' }]);
    await repository.unload('tiny');
    await expect(repository.score({ requestId: 'a', data: { data: [[1, 2, 3]] } })).rejects.toMatchObject({ code: 'ModelNotLoaded', message: 'cannot score: no model is loaded' });
  }); // prettier-ignore

  it('says why a model is not there, and takes no other body than an object', async () => {
    const repository = await openRepository([await affine('tiny'), await modelFile(Buffer.from('no model'), 'broken')], 'tiny');
    const { url } = await webServer({}, { engine: repository, repository });
    const post = async (path: string, body?: string) => await fetch(`${url}/v2/repository/${path}`, { method: 'POST', ...(body === undefined ? {} : { body }) });
    expect((await post('models/broken/load')).status).toBe(422);
    const index = await (await post('index', '{}')).json();
    expect(index).toMatchObject([{ name: 'broken', reason: expect.stringContaining('cannot load the model broken:1') as string }, { name: 'tiny', state: 'READY' }]);
    expect(await (await post('index', '{"ready":true}')).json()).toMatchObject([{ name: 'tiny' }]);
    for (const body of ['[1]', '"a"', 'null', '{"parameters":[]}', '{"parameters":1}', '{']) {
      expect({ body, status: (await post('models/tiny/unload', body)).status }).toEqual({ body, status: 400 });
    }
    expect((await post('models/tiny/unload', '{"parameters":{"unload_dependents":true}}')).status).toBe(200);
  }); // prettier-ignore

  it('is not there unless it is asked for', async () => {
    const { url } = await webServer();
    const post = async (path: string) => await fetch(`${url}${path}`, { method: 'POST' });
    for (const act of ['load', 'unload']) {
      const answer = await post(`/v2/repository/models/tiny/${act}`);
      expect(answer.status).toBe(403);
      expect(await answer.json()).toMatchObject({ code: 'ModelControlOff' });
    }
    expect(await (await post('/v2/repository/index')).json()).toEqual([
      { name: 'tiny', version: '1', state: 'READY', reason: '' },
    ]);
  });
});

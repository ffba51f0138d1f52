import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readdir, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Engine } from '@edgewright/engine';
import { createLogger } from '@edgewright/telemetry';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { modelFile, temporaryFolder, testEngine } from '../../../../test/support/engine-fixture.ts';
import { RangeServer } from '../../../../test/support/range-server.ts';
import { affineOnnx } from '../../../../test/support/tiny-models.ts';
import type { WantedModel } from './fetch-model.ts';
import { ModelSlot } from './model-slot.ts';
import { ModelUpdater } from './model-updater.ts';
import { defaultModelGate } from './model-watch.ts';

const gate = { ...defaultModelGate, minimumMessages: 5 };
const logger = createLogger({ level: 'silent', name: 'test' });

let server: RangeServer;
let stateDirectory: string;

beforeEach(async () => {
  server = await RangeServer.start();
  stateDirectory = await temporaryFolder();
  return () => server[Symbol.asyncDispose]();
});

/** A process of the module: what it starts with follows from the folder. */
async function start({ publicKey }: { publicKey?: KeyObject } = {}) {
  const image = await modelFile(affineOnnx(2));
  const slot = await ModelSlot.open({
    image: { swap: { models: [image], modelDirectory: path.dirname(image.path) }, digests: new Map([['tiny', 'own']]) },
    stateDirectory,
    publicKey,
    logger,
  });
  const engine = await testEngine({ ...(await slot.starting()), execution: 'inline' });
  const updater = new ModelUpdater({ slot, engine, logger, changed: () => {} });
  onTestFinished(() => updater[Symbol.asyncDispose]());
  return { slot, engine, updater, state: () => updater.status?.state };
}

/** A model that multiplies by `factor`, offered by the server. */
function offer(version: number, factor: number, bytes = affineOnnx(factor)): WantedModel {
  server.files.set(`${version}.onnx`, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { name: 'tiny', version, url: server.url(`${version}.onnx`), sha256 };
}

async function factorOf(engine: Engine): Promise<number> {
  const { value } = await engine.score({ requestId: 'r', data: { data: [[1, 1, 1]] } });
  return ((value as { predictions: number[][] }).predictions[0]?.[0] ?? 0) - 1;
}

describe('ModelUpdater', () => {
  it('brings a model into force, and a later process begins with it', async () => {
    const { updater, engine, slot, state } = await start();
    updater.want(offer(7, 5), gate);
    await expect.poll(state).toBe('active');
    expect(await factorOf(engine)).toBe(5);
    expect(updater.status).toMatchObject({ version: '7', isWatched: true, previousVersion: null });
    expect(slot.digestOf(engine.describe())).toBe(updater.status?.sha256);
    await updater[Symbol.asyncDispose]();
    const next = await start();
    expect(await factorOf(next.engine)).toBe(5);
    // it is not named any more
    next.updater.want(undefined, gate);
    await expect.poll(() => factorOf(next.engine)).toBe(2);
  });

  it('runs the model with other settings, which later models keep', async () => {
    const { updater, engine, state } = await start();
    await updater.reconfigure({ execution: 'worker', workers: 2 });
    expect(engine.describe().execution).toMatchObject({ mode: 'worker', workers: 2 });
    expect(await factorOf(engine)).toBe(2);
    const { swaps } = engine.stats();
    // a twin is read anew with each session: what has not changed costs nothing
    await updater.reconfigure({ execution: 'worker', workers: 2 });
    expect(engine.stats().swaps).toBe(swaps);
    updater.want(offer(7, 5), gate);
    await expect.poll(state).toBe('active');
    expect(engine.describe()).toMatchObject({ models: [{ version: 7 }], execution: { mode: 'worker', workers: 2 } });
    await updater.reconfigure({});
    expect(engine.describe().execution.mode).toBe('inline');
    expect(await factorOf(engine)).toBe(5);
  });

  it('keeps the former settings when others do not load, and fetches on what it was fetching', async () => {
    const wanted = offer(7, 5);
    server.faults = [{ status: 503 }];
    const { updater, engine, state } = await start();
    updater.want(wanted, gate);
    await expect.poll(() => updater.status?.reason).toContain('cannot fetch');
    server.faults = ['none'];
    await expect(updater.reconfigure({ backend: 'tfjs' })).rejects.toMatchObject({ code: 'BackendUnavailable' });
    expect(engine.describe()).toMatchObject({ backend: 'onnx', execution: { mode: 'inline' } });
    await expect.poll(state).toBe('active');
    expect(await factorOf(engine)).toBe(5);
  });

  it('takes what a former process fetched half', async () => {
    const wanted = offer(7, 5);
    server.faults = [{ cutAfter: 100 }, { status: 503 }];
    const first = await start();
    first.updater.want(wanted, gate);
    await expect.poll(() => first.updater.status?.reason).toContain('cannot fetch');
    await first.updater[Symbol.asyncDispose]();
    expect(await factorOf(first.engine)).toBe(2);
    server.faults = ['none'];
    const { updater, engine, state } = await start();
    updater.want(wanted, gate);
    await expect.poll(state).toBe('active');
    expect(server.ranges.at(-1)).toBe('bytes=100-');
    expect(await factorOf(engine)).toBe(5);
  });

  it.each([
    ['of another digest', { sha256: 'a'.repeat(64) }, /its SHA-256 is/],
    ['that is not there', { url: 'file:///no/such/model.onnx' }, /no such file/],
    ['that fails its warm-up', { warmUp: [{ data: [['x']] }] }, /warm-up/],
  ])('rejects one %s, goes on with the old one, and does not try again by itself', async (_, change, reason) => {
    const { updater, engine, state } = await start();
    const wanted = { ...offer(7, 5), ...change };
    updater.want(wanted, gate);
    await expect.poll(state).toBe('rejected');
    expect(updater.status?.reason).toMatch(reason);
    expect(await factorOf(engine)).toBe(2);
    await updater[Symbol.asyncDispose]();
    const requests = server.ranges.length;
    const next = await start();
    next.updater.want(wanted, gate);
    await expect.poll(next.state).toBe('rejected');
    expect(next.updater.status?.reason).toMatch(reason);
    expect(server.ranges).toHaveLength(requests);
    await next.updater.retry();
    await expect.poll(() => next.updater.status?.state).toBe('rejected');
  });

  it('rolls back a model that fails on messages, by itself', async () => {
    const { updater, engine, state } = await start();
    const wanted = offer(7, 5);
    updater.want(wanted, gate);
    await expect.poll(state).toBe('active');
    for (let i = 0; i < 5; i += 1) updater.failed();
    await expect.poll(state).toBe('rolledBack');
    expect(updater.status?.reason).toContain('it failed on 100.0 %');
    expect(await factorOf(engine)).toBe(2);
    // the same one is not taken again; another one is
    updater.want(offer(8, 6), gate);
    await expect.poll(() => factorOf(engine)).toBe(6);
    await updater.rollback('asked for');
    expect(await factorOf(engine)).toBe(2);
    await expect(updater.rollback('again')).rejects.toMatchObject({ code: 'UpdateRefused' });
  });

  it('rolls back a model that is slower than it may be', async () => {
    const { updater, engine, state } = await start();
    for (let i = 0; i < 10; i += 1) updater.scored(engine.describe(), 1);
    updater.want(offer(7, 5), gate);
    await expect.poll(state).toBe('active');
    for (let i = 0; i < 10; i += 1) updater.scored(engine.describe(), 50);
    await expect.poll(state).toBe('rolledBack');
    expect(updater.status?.reason).toContain('its median time is 50.000 ms');
  });

  it('keeps a model that passes its gate', async () => {
    const { updater, state } = await start();
    updater.want(offer(7, 5), { ...gate, windowSeconds: 0.05 });
    await expect.poll(state).toBe('active');
    await expect.poll(() => updater.status?.isWatched).toBe(false);
    for (let i = 0; i < 10; i += 1) updater.failed();
    expect(state()).toBe('active');
  });

  it('rolls back a watched model under which processes end', async () => {
    const { updater, state } = await start();
    updater.want(offer(7, 5), gate);
    await expect.poll(state).toBe('active');
    // none of these is closed
    expect(await factorOf((await start()).engine)).toBe(5);
    expect(await factorOf((await start()).engine)).toBe(5);
    const last = await start();
    expect(await factorOf(last.engine)).toBe(2);
    expect(last.slot.store?.record.verdict?.reason).toBe('2 processes ended while it was watched');
  });

  it('never loads a file that was damaged on the disk', async () => {
    const { updater, slot, state } = await start();
    const wanted = offer(7, 5);
    updater.want(wanted, gate);
    await expect.poll(state).toBe('active');
    await truncate(slot.store?.fileOf(wanted) ?? '', 50);
    const next = await start();
    expect(await factorOf(next.engine)).toBe(2);
    expect(next.slot.store?.record.verdict).toMatchObject({ state: 'rolledBack', reason: 'its file is damaged' });
  });

  it('starts with the model of the image when its record is damaged', async () => {
    const { updater, state } = await start();
    updater.want(offer(7, 5), gate);
    await expect.poll(state).toBe('active');
    await writeFile(path.join(stateDirectory, 'models/update.json'), '{"schemaVersion":1,');
    expect(await factorOf((await start()).engine)).toBe(2);
  });

  it('takes only what is signed when it has a key', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const { updater, engine, state } = await start({ publicKey });
    const wanted = offer(7, 5);
    updater.want({ ...wanted, signature: Buffer.alloc(64).toString('base64') }, gate);
    await expect.poll(state).toBe('rejected');
    expect(server.ranges).toEqual([]);
    expect(updater.status?.reason).toContain('its signature is not of the key');
    const signature = sign(null, Buffer.from(wanted.sha256, 'hex'), privateKey).toString('base64');
    updater.want({ ...wanted, signature }, gate);
    await updater.retry();
    await expect.poll(() => factorOf(engine)).toBe(5);
  });

  it('keeps no file that is not needed', async () => {
    const { updater, engine, slot } = await start();
    for (const version of [7, 8, 9]) {
      updater.want(offer(version, version), gate);
      await expect.poll(() => factorOf(engine)).toBe(version);
    }
    await expect.poll(async () => (await readdir(slot.store?.directory ?? '')).length).toBe(4);
  });
});

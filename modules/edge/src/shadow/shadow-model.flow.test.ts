import { createHash } from 'node:crypto';
import path from 'node:path';
import { createEngine } from '@edgewright/engine';
import { createLogger, createMetrics } from '@edgewright/telemetry';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bundledWorker, modelFile, temporaryFolder, testEngine } from '../../../../test/support/engine-fixture.ts';
import { RangeServer } from '../../../../test/support/range-server.ts';
import { affineOnnx } from '../../../../test/support/tiny-models.ts';
import { ModelSlot } from '../model-update/model-slot.ts';
import { ShadowModel } from './shadow-model.ts';

async function setUp() {
  const logger = createLogger({ level: 'silent', name: 'test' });
  const server = await RangeServer.start();
  const image = await modelFile(affineOnnx(2));
  const slot = await ModelSlot.open({
    image: { swap: { models: [image], modelDirectory: path.dirname(image.path) }, digests: new Map() },
    stateDirectory: await temporaryFolder(),
    logger,
  });
  const engine = await testEngine({ ...(await slot.starting()), execution: 'inline' });
  const workerProgram = await bundledWorker();
  const metrics = createMetrics({ prefix: 'test', process: false });
  const shadow = new ShadowModel({
    slot,
    startEngine: (models, signal) =>
      createEngine({ ...models, backend: 'auto', execution: 'worker', threads: 1, workerProgram, signal }),
    metrics,
    logger,
    changed: () => {},
  });
  onTestFinished(async () => {
    await shadow[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
  const offer = (version: number, bytes: Uint8Array) => {
    server.files.set(`${version}`, bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { name: 'tiny', version, url: server.url(`${version}`), sha256, share: 1, tolerance: 1e-4 };
  };
  /** Scores with the model in force, and lets the shadow score as well. */
  const score = async (data: unknown) => shadow.offer(data, await engine.score({ requestId: 'r', data }));
  return { shadow, offer, score, metrics };
}

const rows = { data: [[1, 2, 3]] };

describe('ShadowModel', () => {
  it('says how far a candidate agrees, and how long both take', async () => {
    const { shadow, offer, score, metrics } = await setUp();
    shadow.want(offer(7, affineOnnx(2.000001)));
    await score(rows);
    await expect.poll(() => shadow.status?.state).toBe('scoring');
    await score(rows);
    await score(rows);
    // how many it skips depends on how busy it is
    await expect.poll(() => shadow.status?.agreed).toBeGreaterThan(0);
    expect(shadow.status).toMatchObject({ version: '7', disagreed: 0, agreement: 1 });
    expect(shadow.status?.latencyMs?.shadow).toBeGreaterThan(0);
    shadow.want(offer(8, affineOnnx(3)));
    await expect.poll(() => shadow.status?.state).toBe('scoring');
    await score(rows);
    await expect.poll(() => shadow.status).toMatchObject({ version: '8', disagreed: 1, agreement: 0 });
    expect(await metrics.text()).toContain('test_edge_shadow_total{outcome="disagreed"} 1');
    shadow.want(undefined);
    await score(rows);
    expect(shadow.status).toBeNull();
  });

  it('says why a candidate does not come up', async () => {
    const { shadow, offer } = await setUp();
    shadow.want({ ...offer(7, affineOnnx(2)), sha256: 'a'.repeat(64) });
    await expect.poll(() => shadow.status?.state).toBe('failed');
    expect(shadow.status?.reason).toContain('its SHA-256 is');
  });
});

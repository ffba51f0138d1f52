import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { askHealth } from './ask-health.ts';
import { createAppRoot, ScorerProcess } from '../../../test/support/scorer-process.ts';
import { TestHub } from '../../../test/support/test-hub.ts';
import { affineOnnx } from '../../../test/support/tiny-models.ts';

async function appRoot(entryScript?: string): Promise<string> {
  const root = await createAppRoot(affineOnnx(), entryScript);
  onTestFinished(() => root[Symbol.asyncDispose]());
  return root.directory;
}

function startScorer(environment: Readonly<Record<string, string>>): ScorerProcess {
  const scorer = new ScorerProcess(environment);
  onTestFinished(() => scorer[Symbol.asyncDispose]());
  return scorer;
}

/** The variables of a module that runs outside of edgeAgent. */
async function hubEnvironment(hub: TestHub, directory: string): Promise<Record<string, string>> {
  const ca = path.join(directory, 'ca.pem');
  await writeFile(ca, hub.ca);
  return {
    AML_APP_ROOT: directory,
    EdgeHubConnectionString: hub.connectionString,
    EdgeModuleCACertificateFile: ca,
  };
}

async function startHub(): Promise<TestHub> {
  const hub = await TestHub.start();
  onTestFinished(() => hub[Symbol.asyncDispose]());
  return hub;
}

describe('the scorer program', () => {
  it('serves HTTP, logs JSON lines alone, and ends with 0 when it is told to', async () => {
    const scorer = startScorer({ AML_APP_ROOT: await appRoot() });
    const url = await scorer.url();
    const response = await fetch(`${url}/score`, { method: 'POST', body: '{"data":[[1,2,3]]}' });
    expect(await response.json()).toEqual({ predictions: [[3, 5, 7]] });
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('edgewright_scoring_requests_total');
    scorer.signal('SIGTERM');
    expect(await scorer.ended).toBe(0);
    expect(scorer.noise).toEqual([]);
  });

  it('ends with 2 when its configuration is not there, and says what to do', async () => {
    const scorer = startScorer({ AML_APP_ROOT: '/nowhere' });
    expect(await scorer.ended).toBe(2);
    expect((await scorer.line('the scorer ends'))['err']).toMatchObject({
      code: 'ScoringConfigInvalid',
      message: /cannot read the scoring configuration \/nowhere\/edgewright.json: .*set AML_APP_ROOT/s as never,
    });
  });

  it('ends with 2 when the model does not load', async () => {
    const root = await createAppRoot(Buffer.from('no model'));
    onTestFinished(() => root[Symbol.asyncDispose]());
    const scorer = startScorer({ AML_APP_ROOT: root.directory });
    expect(await scorer.ended).toBe(2);
    expect((await scorer.line('the scorer ends'))['err']).toMatchObject({ code: 'ModelNotLoadable' });
  });

  it('ends with 2 when its port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void taken.close());
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const scorer = startScorer({ AML_APP_ROOT: await appRoot(), PORT: String(port) });
    expect(await scorer.ended).toBe(2);
    expect((await scorer.line('the scorer ends'))['err']).toMatchObject({ code: 'PortInUse' });
  });

  it('ends with 75 when edgeHub stays away', async () => {
    const hub = await startHub();
    await hub.stop();
    const environment = await hubEnvironment(hub, await appRoot());
    const scorer = startScorer({ ...environment, EDGEWRIGHT_HUB_DEADLINE_SECONDS: '1' });
    expect(await scorer.ended).toBe(75);
    expect((await scorer.line('the scorer ends'))['err']).toMatchObject({ code: 'HubUnreachable' });
  });

  it('joins edgeHub by its connection string, scores, and says goodbye', async () => {
    const hub = await startHub();
    const scorer = startScorer(await hubEnvironment(hub, await appRoot()));
    await hub.deliver('amlInput', '{"data":[[1,2,3]]}', { '$.mid': 'm' });
    expect(hub.outputs.map(({ outputName, body }) => [outputName, body])).toEqual([
      ['amlOutput', '{"predictions":[[3,5,7]]}'],
    ]);
    const metricsPort = (await scorer.line('ready to score'))['metricsPort'] as number;
    const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    const well = await fetch(`http://127.0.0.1:${metricsPort}/healthz`);
    expect([well.status, await well.json()]).toEqual([200, { status: 'Healthy', problems: {} }]);
    expect(await askHealth(metricsPort)).toMatchObject({ isHealthy: true });
    expect(metrics).toMatch(/edgewright_edge_messages_total\{[^}]*outcome="scored"[^}]*edge_device="dev"/);
    scorer.signal('SIGTERM');
    expect(await scorer.ended).toBe(0);
    expect(hub.events.at(-1)).toBe('closed');
    expect(hub.events).toContain('disconnected');
    expect(scorer.noise).toEqual([]);
  });

  it('loses nothing when it is killed at work', async () => {
    const hub = await startHub();
    const slow = `import { setTimeout as sleep } from 'node:timers/promises';
      export async function init() {}
      export async function run(data) { await sleep(200); return data; }`;
    const environment = await hubEnvironment(hub, await appRoot(slow));
    const first = startScorer(environment);
    const delivered = hub.deliver('amlInput', '{"n":1}', { '$.mid': 'm' });
    await hub.until(() => hub.events.includes('delivered'));
    first.signal('SIGKILL');
    expect(await first.ended).toBe('SIGKILL');
    expect(hub.events).not.toContain('acknowledged');
    startScorer(environment);
    await delivered;
    expect(hub.outputs.map(({ body }) => body)).toEqual(['{"n":1}']);
  });
});

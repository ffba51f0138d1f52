import { createLogger } from '@edgewright/telemetry';
import { ModuleClient } from 'azure-iot-device';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TestHub } from '../../../../test/support/test-hub.ts';
import { defaultEdgeSettings } from '../edge-settings.ts';
import type { EdgeSettings } from '../edge-settings.ts';
import { HubSession } from './hub-session.ts';
import type { CreateClient, Delivery } from './hub-session.ts';

async function startHub(): Promise<TestHub> {
  const hub = await TestHub.start();
  onTestFinished(() => hub[Symbol.asyncDispose]());
  return hub;
}

function clientOf(hub: TestHub): CreateClient {
  return async (transport) => {
    const client = ModuleClient.fromConnectionString(hub.connectionString, transport);
    await client.setOptions({ ca: hub.ca });
    return client;
  };
}

async function openSession(hub: TestHub, settings: Partial<EdgeSettings> = {}) {
  const deliveries: Delivery[] = [];
  const patches: unknown[] = [];
  const session = await HubSession.open(
    {
      createClient: clientOf(hub),
      settings: { ...defaultEdgeSettings, ...settings },
      logger: createLogger({ level: 'silent', name: 'test' }),
      events: {
        delivered: (delivery) => deliveries.push(delivery),
        desiredChanged: (patch) => patches.push(patch),
        methodCalled: ({ requestId, payload }) => session.respond(requestId, 200, payload.toString()),
      },
    },
    AbortSignal.timeout(20_000),
  );
  onTestFinished(() => session[Symbol.asyncDispose]());
  return { session, deliveries, patches };
}

describe('HubSession', () => {
  it('acknowledges a message when it is told to, not when the message comes', async () => {
    const hub = await startHub();
    const { session, deliveries } = await openSession(hub);
    const delivered = hub.deliver('amlInput', '{"data":1}', { '$.mid': 'm1' });
    await expect.poll(() => deliveries.length).toBe(1);
    await session.send([{ outputName: 'amlOutput', body: '2', properties: [] }]);
    expect(hub.events).not.toContain('acknowledged');
    expect(deliveries[0]?.acknowledge()).toBe(true);
    await delivered;
    expect(hub.events.slice(-4)).toEqual(['delivered', 'output amlOutput', 'confirmed', 'acknowledged']);
  });

  it('goes on reading while messages are open, and acknowledges them in order', async () => {
    const hub = await startHub();
    hub.window = 3;
    const { deliveries } = await openSession(hub);
    const delivered = Promise.all(['a', 'b', 'c'].map((body) => hub.deliver('in', body)));
    await expect.poll(() => deliveries.length).toBe(3);
    deliveries[2]?.acknowledge();
    deliveries[1]?.acknowledge();
    expect(hub.events).not.toContain('acknowledged');
    deliveries[0]?.acknowledge();
    await delivered;
  });

  it('gets a message again after a lost connection, and refuses to acknowledge the old delivery', async () => {
    const hub = await startHub();
    const first = await openSession(hub);
    const delivered = hub.deliver('in', 'x');
    await expect.poll(() => first.deliveries.length).toBe(1);
    hub.dropConnections();
    await first.session.lost;
    expect(first.deliveries[0]?.acknowledge()).toBe(false);
    await first.session[Symbol.asyncDispose]();
    const second = await openSession(hub);
    await expect.poll(() => second.deliveries.length).toBe(1);
    second.deliveries[0]?.acknowledge();
    await delivered;
  });

  it('fails an output whose confirmation does not come, and one whose connection ends', async () => {
    const hub = await startHub();
    hub.onOutput = () => 'ignore';
    const { session } = await openSession(hub, { sendTimeoutMs: 50 });
    await expect(session.send([{ outputName: 'o', body: '', properties: [] }])).rejects.toMatchObject({
      code: 'HubTimeout',
    });
    const { session: other } = await openSession(hub);
    const sending = other.send([{ outputName: 'o', body: '', properties: [] }]);
    setImmediate(() => hub.dropConnections());
    await expect(sending).rejects.toMatchObject({ code: 'HubConnectionLost' });
  });

  it('renews the token without losing a message', async () => {
    const hub = await startHub();
    const { session, deliveries } = await openSession(hub, { tokenLifetime: { validSeconds: 2, marginSeconds: 1 } });
    const delivered = hub.deliver('in', 'x');
    await expect.poll(() => deliveries.length).toBe(1);
    await hub.until(() => hub.events.filter((event) => event === 'connected').length === 2);
    await expect.poll(() => deliveries.length).toBe(2);
    expect(deliveries[0]?.acknowledge()).toBe(false);
    expect(deliveries[1]?.acknowledge()).toBe(true);
    await delivered;
    expect(session.isUp).toBe(true);
  });

  it('gives the session up when the hub forgot the subscriptions at a renewal', async () => {
    const hub = await startHub();
    const { session } = await openSession(hub, { tokenLifetime: { validSeconds: 2, marginSeconds: 1 } });
    hub.keepsSessions = false;
    expect((await session.lost).message).toContain('forgot the subscriptions');
  });

  it('reads the twin, reports, and hears of changes', async () => {
    const hub = await startHub();
    hub.desired = { $version: 4, limits: { maxAttempts: 2 } };
    const { session, patches } = await openSession(hub);
    expect((await session.fetchTwin()).desired).toMatchObject({ $version: 4, limits: { maxAttempts: 2 } });
    await session.report({ state: 'running' });
    expect(hub.reported).toEqual([{ state: 'running' }]);
    hub.patchDesired({ logLevel: 'debug' });
    await expect.poll(() => patches).toEqual([{ logLevel: 'debug', $version: 5 }]);
  });

  it('turns error answers of the twin into errors, and silence into a lost session', async () => {
    const hub = await startHub();
    const { session } = await openSession(hub, { twinTimeoutMs: 50 });
    hub.twinAnswer = 500;
    await expect(session.fetchTwin()).rejects.toThrow('cannot read the twin: edgeHub answered with status 500');
    await expect(session.report({})).rejects.toMatchObject({ code: 'HubRefused' });
    hub.twinAnswer = 'silent';
    await expect(session.report({})).rejects.toMatchObject({ code: 'HubTimeout' });
    await expect(session.report({})).rejects.toMatchObject({ code: 'HubTimeout' });
    expect((await session.lost).message).toContain('2 twin requests unanswered');
  });

  it('survives packets that no hub should send', async () => {
    const hub = await startHub();
    const { session, patches } = await openSession(hub);
    hub.publish('$iothub/twin/PATCH/properties/desired/?$version=9', 'not json');
    hub.publish('$iothub/twin/PATCH/properties/desired/?$version=9', '[1]');
    hub.publish('$iothub/methods/POST/', '{}');
    hub.publish('$iothub/methods/POST/%', '{}');
    hub.publish('devices/dev/modules/scorer/inputs/', 'x');
    hub.publish('devices/dev/modules/scorer/inputs/a/%', 'x');
    expect(await hub.call('echo', { a: 1 })).toEqual({ status: 200, payload: { a: 1 } });
    expect(patches).toEqual([]);
    expect(session.isUp).toBe(true);
  });

  it('says what failed when there is no hub', async () => {
    const hub = await startHub();
    await hub.stop();
    await expect(openSession(hub)).rejects.toMatchObject({ code: 'HubUnreachable', message: /ECONNREFUSED/ as never });
  });

  it('closes although an output was never confirmed', async () => {
    const hub = await startHub();
    hub.onOutput = () => 'ignore';
    const { session } = await openSession(hub);
    const sending = session.send([{ outputName: 'o', body: '', properties: [] }]);
    await hub.until(() => hub.outputs.length === 1);
    await Promise.all([
      session[Symbol.asyncDispose](),
      expect(sending).rejects.toMatchObject({ code: 'HubConnectionLost' }),
    ]);
  });
});

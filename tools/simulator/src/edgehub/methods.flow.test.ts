// The rows of "Direct methods" of the edgeHub sheet (§1.8).
import { performance } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { DEVICE, EdgeHubFixture } from '../../test/edge-hub-fixture.ts';
import type { FixtureOptions } from '../../test/edge-hub-fixture.ts';
import type { MqttProbe } from '../../test/mqtt-probe.ts';

const METHODS = '$iothub/methods/POST/#';

async function setUp(options: FixtureOptions = {}) {
  const fixture = await EdgeHubFixture.start({ modules: ['m'], ...options });
  const call = (methodName: string, more: object = {}) =>
    fixture.hub.invokeMethod({ deviceId: DEVICE, moduleId: 'm', methodName, ...more });
  return { fixture, call };
}

/** Takes the next call and gives its request id. */
async function requestOf(probe: MqttProbe): Promise<{ id: string; topic: string; text: string }> {
  const { topic, text } = await probe.message();
  return { id: /\$rid=(.+)$/.exec(topic)?.[1] ?? '', topic, text };
}

describe('direct methods', () => {
  it('to the module and back', async () => {
    const { fixture, call } = await setUp();
    const probe = await fixture.probe('m');
    await probe.subscribe(METHODS, 0);
    const answer = call('doIt', { payload: { a: 1 } });
    const { id, topic, text } = await requestOf(probe);
    expect(topic).toMatch(/^\$iothub\/methods\/POST\/doIt\/\?\$rid=[0-9a-f-]{36}$/);
    expect(text).toBe('{"a":1}');
    probe.publish(`$iothub/methods/res/202/?$rid=${id}`, '{"b":2}', { qos: 0 });
    expect(await answer).toEqual({ status: 202, payload: { b: 2 } });
    expect(await fixture.metric('edgehub_direct_methods_total', { from: 'upstream', to: `${DEVICE}/m` })).toBe(1);
  });

  it('rid is compared without regard to case', async () => {
    const { fixture, call } = await setUp();
    const probe = await fixture.probe('m');
    await probe.subscribe(METHODS, 0);
    const answer = call('doIt');
    const { id } = await requestOf(probe);
    probe.publish(`$iothub/methods/res/200/?$rid=${id.toUpperCase()}`, '', { qos: 0 });
    expect(await answer).toEqual({ status: 200, payload: undefined });
  });

  it.each(['', 'abc', '1.5'])('reply with the status "%s": treated as 400000', async (status) => {
    const { fixture, call } = await setUp();
    const probe = await fixture.probe('m');
    await probe.subscribe(METHODS, 0);
    const answer = call('doIt');
    const { id } = await requestOf(probe);
    probe.publish(`$iothub/methods/res/${status}/?$rid=${id}`, '{}', { qos: 0 });
    expect(await answer).toEqual({ status: 400_000, payload: undefined });
  });

  it('a reply that nobody waits for is ignored', async () => {
    const { fixture } = await setUp();
    const probe = await fixture.probe('m');
    probe.publish('$iothub/methods/res/200/?$rid=unknown', '{}', { qos: 1 });
    await probe.next('puback');
    expect(fixture.events.some(({ text }) => text.includes('nobody waits for'))).toBe(true);
  });

  it('no reply in time', async () => {
    const { fixture, call } = await setUp();
    const probe = await fixture.probe('m');
    await probe.subscribe(METHODS, 0);
    await expect(call('doIt', { responseTimeoutMs: 100 })).rejects.toMatchObject({ code: 'SimulatedTargetTimeout' });
  });

  it('not connected, or not subscribed: no such target', async () => {
    const { fixture, call } = await setUp();
    await expect(call('doIt')).rejects.toMatchObject({ code: 'SimulatedTargetOffline' });
    await fixture.probe('m');
    await expect(call('doIt')).rejects.toMatchObject({ code: 'SimulatedTargetOffline' });
  });

  it('for a module that has not subscribed yet: pended, and delivered some time after the subscription', async () => {
    const { fixture, call } = await setUp({ timings: { methodSettleMs: 200 } });
    const answer = call('doIt', { connectTimeoutMs: 10_000 });
    const probe = await fixture.probe('m');
    const asked = performance.now();
    await probe.subscribe(METHODS, 0);
    const { id } = await requestOf(probe);
    expect(performance.now() - asked).toBeGreaterThan(150);
    probe.publish(`$iothub/methods/res/200/?$rid=${id}`, 'null', { qos: 0 });
    expect(await answer).toEqual({ status: 200, payload: null });
    const next = call('again', { connectTimeoutMs: 10_000 });
    const again = await requestOf(probe);
    probe.publish(`$iothub/methods/res/200/?$rid=${again.id}`, '1', { qos: 0 });
    expect((await next).payload).toBe(1);
  });

  it('pended: not delivered after the connect timeout', async () => {
    const { fixture, call } = await setUp();
    await expect(call('doIt', { connectTimeoutMs: 100 })).rejects.toMatchObject({ code: 'SimulatedTargetOffline' });
    const probe = await fixture.probe('m');
    await probe.subscribe(METHODS, 0);
    expect(await probe.isQuiet(100)).toBe(true);
  });

  it('a kept session brings the subscription back', async () => {
    const { fixture, call } = await setUp();
    const first = await fixture.probe('m');
    await first.subscribe(METHODS, 0);
    const probe = await fixture.probe('m');
    const answer = call('doIt');
    const { id } = await requestOf(probe);
    probe.publish(`$iothub/methods/res/200/?$rid=${id}`, '"x"', { qos: 0 });
    expect(await answer).toEqual({ status: 200, payload: 'x' });
  });

  it('offline: methods do not reach the device', async () => {
    const { fixture, call } = await setUp();
    const probe = await fixture.probe('m');
    await probe.subscribe(METHODS, 0);
    fixture.edgeHub.setOnline(false);
    await expect(call('doIt')).rejects.toMatchObject({ code: 'SimulatedTargetOffline' });
    fixture.edgeHub.setOnline(true);
    const answer = call('doIt');
    const { id } = await requestOf(probe);
    probe.publish(`$iothub/methods/res/200/?$rid=${id}`, '1', { qos: 0 });
    expect((await answer).status).toBe(200);
  });

  it('an unmodified SDK client answers them', async () => {
    const { fixture, call } = await setUp();
    const client = await fixture.sdkClient('m');
    client.onMethod('sum', (request, response) => {
      const [a = 0, b = 0] = (request?.payload ?? []) as number[];
      response?.send(200, { sum: a + b }, () => {});
    });
    expect(await call('sum', { payload: [2, 3], connectTimeoutMs: 5000 })).toEqual({
      status: 200,
      payload: { sum: 5 },
    });
  });
});

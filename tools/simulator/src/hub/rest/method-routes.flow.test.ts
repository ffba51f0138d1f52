import { describe, expect, it } from 'vitest';
import { RegistryFixture } from '../../../test/registry-fixture.ts';

async function start() {
  const fixture = await RegistryFixture.start();
  fixture.hub.createDevice({ deviceId: 'd' });
  fixture.hub.createModule({ deviceId: 'd', moduleId: 'm' });
  return { fixture, hub: fixture.hub, client: fixture.client };
}

describe('Client.invokeDeviceMethod', () => {
  it('brings name, payload and timeouts to the listener, and its answer back', async () => {
    const { hub, client } = await start();
    const calls: unknown[] = [];
    using _handler = hub.attachMethods('d', 'm', async (name, payload, timeouts) => {
      calls.push([name, payload, timeouts]);
      return { status: 207, payload: { done: true } };
    });
    const params = { methodName: 'go', payload: { speed: 1 }, responseTimeoutInSeconds: 7, connectTimeoutInSeconds: 3 };
    const answer = await client.invokeDeviceMethod('d', 'm', params);
    expect(answer.result).toEqual({ status: 207, payload: { done: true } });
    expect(calls).toEqual([['go', { speed: 1 }, { responseTimeoutMs: 7000, connectTimeoutMs: 3000 }]]);
  });

  it('waits for a listener as long as the connect timeout says', async () => {
    const { hub, client } = await start();
    const called = client.invokeDeviceMethod('d', { methodName: 'go', connectTimeoutInSeconds: 10 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    using _handler = hub.attachMethods('d', undefined, async () => ({ status: 200, payload: 'late' }));
    expect((await called).result).toEqual({ status: 200, payload: 'late' });
  });

  it('fails with 404 when nobody listens, with 504 when nobody answers', async () => {
    const { fixture, hub, client } = await start();
    await expect(client.invokeDeviceMethod('d', { methodName: 'go' })).rejects.toMatchObject({
      response: { statusCode: 404 },
      responseBody: expect.stringContaining('ErrorCode:DeviceNotOnline;'),
    });
    using _handler = hub.attachMethods('d', undefined, async () => await new Promise(() => {}));
    const body = { methodName: 'go', responseTimeoutInSeconds: 5 };
    expect(await fixture.request('POST', '/twins/d/methods', { body })).toMatchObject({
      status: 504,
      body: { Message: expect.stringMatching(/^ErrorCode:GatewayTimeout;/) },
    });
  });

  it('calls the newest listener, and none after it has gone', async () => {
    const { hub, client } = await start();
    const first = hub.attachMethods('d', undefined, async () => ({ status: 200, payload: 1 }));
    const second = hub.attachMethods('d', undefined, async () => ({ status: 200, payload: 2 }));
    first[Symbol.dispose]();
    expect((await client.invokeDeviceMethod('d', { methodName: 'go' })).result).toMatchObject({ payload: 2 });
    second[Symbol.dispose]();
    await expect(client.invokeDeviceMethod('d', { methodName: 'go' })).rejects.toMatchObject({
      response: { statusCode: 404 },
    });
  });

  it.each([
    ['a long name', { methodName: 'x'.repeat(101) }],
    ['a short response timeout', { methodName: 'go', responseTimeoutInSeconds: 4 }],
    ['a long response timeout', { methodName: 'go', responseTimeoutInSeconds: 301 }],
    ['a long connect timeout', { methodName: 'go', connectTimeoutInSeconds: 301 }],
    ['a large payload', { methodName: 'go', payload: 'x'.repeat(128 * 1024) }],
  ])('refuses %s', async (_name, body) => {
    const { fixture } = await start();
    expect(await fixture.request('POST', '/twins/d/methods', { body })).toMatchObject({
      status: 400,
      body: { Message: expect.stringMatching(/^ErrorCode:ArgumentInvalid;/) },
    });
  });

  it('answers 404 for a module that is not there', async () => {
    const { fixture } = await start();
    const answer = await fixture.request('POST', '/twins/d/modules/none/methods', { body: { methodName: 'go' } });
    expect(answer).toMatchObject({
      status: 404,
      body: { Message: expect.stringMatching(/^ErrorCode:ModuleNotFound;/) },
    });
  });
});

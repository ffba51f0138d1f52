import { Agent, request } from 'node:https';
import { ModuleClient } from 'azure-iot-device';
import { Mqtt } from 'azure-iot-device-mqtt';
import { onTestFinished, beforeEach, describe, expect, it } from 'vitest';
import { need } from '../../../../test/support/need.ts';
import { DEVICE, EdgeHubFixture } from '../../test/edge-hub-fixture.ts';

// Rows of doc/edgehub-api.md: direct methods from a module, over HTTPS.

let fixture: EdgeHubFixture;

beforeEach(async () => {
  fixture = await EdgeHubFixture.start({ modules: ['caller', 'callee'], timings: { methodSettleMs: 100 } });
});

interface Call {
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
}

/** What a module's HTTP client does, without an SDK. */
async function post({ path, headers, body }: Call = {}): Promise<{ status: number; body: Record<string, unknown> }> {
  const text = JSON.stringify(body ?? { methodName: 'm', payload: { a: 1 } });
  const all = {
    'content-type': 'application/json',
    'x-ms-edge-moduleId': `${DEVICE}/caller`,
    authorization: fixture.token('caller'),
    ...headers,
  };
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: Record<string, unknown> }>();
  const call = request(
    {
      host: '127.0.0.1',
      port: fixture.edgeHub.httpsPort,
      path: path ?? `/twins/${DEVICE}/modules/callee/methods?api-version=2018-06-28`,
      method: 'POST',
      headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)),
      agent: new Agent({ ca: fixture.authority.trustBundle, servername: 'localhost' }),
    },
    (response) => {
      let answer = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(answer) as Record<string, unknown> }),
      );
    },
  );
  call.on('error', reject);
  call.end(text);
  return await promise;
}

async function answering(status: number): Promise<void> {
  await fixture.sdkClient('callee', (client) => {
    client.onMethod('m', (call, response) => {
      void response?.send(status, { got: call?.payload as unknown });
    });
  });
}

describe('direct methods from a module', () => {
  it('200: status and payload, with or without api-version', async () => {
    await answering(207);
    const wanted = { status: 200, body: { status: 207, payload: { got: { a: 1 } } } };
    await expect(post()).resolves.toEqual(wanted);
    await expect(post({ path: `/twins/${DEVICE}/modules/callee/methods` })).resolves.toEqual(wanted);
  });

  it('go on while the device is offline', async () => {
    await answering(200);
    fixture.edgeHub.setOnline(false);
    await expect(post()).resolves.toMatchObject({ status: 200 });
    await expect(
      fixture.hub.invokeMethod({ deviceId: DEVICE, moduleId: 'callee', methodName: 'm' }),
    ).rejects.toMatchObject({ code: 'SimulatedTargetOffline' });
  });

  it.each([
    ['no x-ms-edge-moduleId', { headers: { 'x-ms-edge-moduleId': undefined } }, 400],
    ['a caller without a module', { headers: { 'x-ms-edge-moduleId': DEVICE } }, 400],
    ['no methodName', { body: { payload: 1 } }, 400],
    ['a methodName of 101 characters', { body: { methodName: 'm'.repeat(101) } }, 400],
    ['a payload of more than 128 KB', { body: { methodName: 'm', payload: 'x'.repeat(128 * 1024) } }, 400],
    ['responseTimeoutInSeconds 4', { body: { methodName: 'm', responseTimeoutInSeconds: 4 } }, 400],
    ['responseTimeoutInSeconds 301', { body: { methodName: 'm', responseTimeoutInSeconds: 301 } }, 400],
    ['connectTimeoutInSeconds 301', { body: { methodName: 'm', connectTimeoutInSeconds: 301 } }, 400],
    ['no token', { headers: { authorization: undefined } }, 401],
    ['the token of another', { headers: { 'x-ms-edge-moduleId': `${DEVICE}/callee` } }, 401],
    ['an unknown caller', { headers: { 'x-ms-edge-moduleId': `${DEVICE}/nobody` } }, 401],
    ['a target that is not connected', {}, 404],
  ] as const)('errors: %s', async (_what, call: Call, status) => {
    const answer = await post(call);
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual({ message: expect.any(String) as string });
  });

  it('504: no reply in time', { timeout: 20_000 }, async () => {
    await fixture.sdkClient('callee', (client) => client.onMethod('m', () => {}));
    const answer = await post({ body: { methodName: 'm', responseTimeoutInSeconds: 5 } });
    expect(answer.status).toBe(504);
  });

  it('connectTimeoutInSeconds: waits for the target to subscribe', async () => {
    const called = post({ body: { methodName: 'm', connectTimeoutInSeconds: 10 } });
    await answering(200);
    await expect(called).resolves.toMatchObject({ status: 200 });
  });

  it('are counted', async () => {
    await answering(200);
    await post();
    const labels = { from: `${DEVICE}/caller`, to: `${DEVICE}/callee` };
    expect(await fixture.metric('edgehub_direct_methods_total', labels)).toBe(1);
  });

  it("invokeMethod of an unmodified SDK client, which calls the gateway's port 443", async (context) => {
    const { address } = await need(context, 'port-443');
    fixture = await EdgeHubFixture.start({ modules: ['caller', 'callee'], host: address, httpsPort: 443 });
    const callee = await fixture.probe('callee', { host: address });
    await callee.subscribe('$iothub/methods/POST/#');
    const { primaryKey } = fixture.hub.requireIdentity(DEVICE, 'caller');
    const client = ModuleClient.fromConnectionString(
      `HostName=hub.test;DeviceId=${DEVICE};ModuleId=caller;SharedAccessKey=${primaryKey};GatewayHostName=${address}`,
      Mqtt,
    );
    onTestFinished(async () => void (await client.close().catch(() => {})));
    await client.setOptions({ ca: fixture.authority.trustBundle });
    const called = client.invokeMethod(DEVICE, 'callee', {
      methodName: 'm',
      payload: { a: 1 },
      connectTimeoutInSeconds: 5,
      responseTimeoutInSeconds: 10,
    });
    const asked = await callee.next('publish');
    expect(JSON.parse(asked.payload.toString())).toEqual({ a: 1 });
    callee.publish(asked.topic.replace('/POST/m/', '/res/201/'), '{"done":true}', { qos: 0 });
    await expect(called).resolves.toEqual({ status: 201, payload: { done: true } });
  });
});

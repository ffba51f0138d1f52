import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Client, Message } from 'azure-iot-device';
import { describe, expect, it, onTestFinished } from 'vitest';
import { deviceClient } from '../../test/hub-clients.ts';
import { MqttProbe } from '../../test/mqtt-probe.ts';
import { createSharedAccessSignature } from '../hub/shared-access-signature.ts';
import { startSimulator } from '../simulator.ts';

/** A simulator whose clock can be put forward, with the device "meter". */
async function start() {
  const stateDirectory = await mkdtemp(path.join(tmpdir(), 'edgewright-cloud-messages-'));
  let aheadMs = 0;
  const simulator = await startSimulator({ stateDirectory, now: () => Date.now() + aheadMs });
  onTestFinished(async () => {
    await simulator.stop();
    await rm(stateDirectory, { recursive: true, force: true });
  });
  const { connectionString } = await simulator.createDevice({ deviceId: 'meter' });
  const send = (messageId: string, timeToLiveMs?: number) =>
    simulator.sendToDevice({
      deviceId: 'meter',
      body: messageId,
      messageId,
      ack: 'full',
      ...(timeToLiveMs !== undefined && { timeToLiveMs }),
    });
  const waiting = async () => (await simulator.device('meter')).cloudMessages;
  const putForward = (ms: number) => {
    aheadMs += ms;
  };
  return { simulator, connectionString, send, waiting, putForward };
}

/** What the client has got, by ids, from now on. */
function listen(client: Client): Message[] {
  const got: Message[] = [];
  client.on('message', (message: Message) => got.push(message));
  return got;
}

const idsOf = (messages: readonly Message[]) => messages.map(({ messageId }) => messageId);

describe('cloud-to-device messages, by an unmodified device', () => {
  it('are not delivered once their time has passed', async () => {
    const { simulator, connectionString, send, putForward } = await start();
    await send('late', 60_000);
    await send('good');
    putForward(60_000);
    const got = listen(await deviceClient(simulator, connectionString));
    await expect.poll(() => idsOf(got)).toEqual(['good']);
    const outcomes: unknown[] = [];
    await expect
      .poll(async () => {
        outcomes.push(...(await simulator.takeFeedback()).map((one) => [one.originalMessageId, one.statusCode]));
        return outcomes;
      })
      .toEqual([
        ['late', 'Expired'],
        ['good', 'Success'],
      ]);
  });

  it('are completed by their arrival; the SDK can complete, and neither reject nor abandon over MQTT', async () => {
    const { simulator, connectionString, send, waiting } = await start();
    const client = await deviceClient(simulator, connectionString);
    const got = listen(client);
    await send('m');
    await expect.poll(() => idsOf(got)).toEqual(['m']);
    await expect.poll(waiting).toBe(0);
    const [message] = got as [Message];
    await client.complete(message);
    await expect(client.reject(message)).rejects.toMatchObject({ name: 'NotImplementedError' });
    await expect(client.abandon(message)).rejects.toMatchObject({ name: 'NotImplementedError' });
  });

  it('come again to a device that went away before it acknowledged', async () => {
    const { simulator, connectionString, send, waiting } = await start();
    await send('m');
    const key = /SharedAccessKey=([^;]+)/.exec(connectionString)?.[1] ?? '';
    const expiresAt = Math.floor(Date.now() / 1000) + 3600;
    const probe = await MqttProbe.open({
      port: simulator.info.mqttPort,
      ca: await readFile(simulator.info.caFile, 'utf8'),
      clientId: 'meter',
      username: 'localhost/meter/?api-version=2021-04-12',
      password: createSharedAccessSignature('localhost/devices/meter', key, { expiresAt }),
      clean: true,
    });
    await probe.next('connack');
    await probe.subscribe('devices/meter/messages/devicebound/#');
    expect((await probe.message()).text).toBe('m');
    probe.cut();
    expect(await waiting()).toBe(1);
    const got = listen(await deviceClient(simulator, connectionString));
    await expect.poll(() => idsOf(got)).toEqual(['m']);
    await expect.poll(waiting).toBe(0);
  });

  it('wait, fifty at most, until they are delivered or purged', async () => {
    const { simulator, connectionString, send, waiting } = await start();
    const fill = async (name: string) => {
      for (let n = 0; n < 50; n += 1) await send(`${name}${n}`);
    };
    await fill('purged');
    await expect(send('more')).rejects.toMatchObject({ code: 'SimulatedHubQuotaExceeded' });
    expect(await simulator.purgeMessages('meter')).toEqual({ purged: 50 });
    await fill('delivered');
    const got = listen(await deviceClient(simulator, connectionString));
    await expect.poll(() => idsOf(got)).toEqual(Array.from({ length: 50 }, (_, n) => `delivered${n}`));
    await expect.poll(waiting).toBe(0);
  });
});

// How edgeHub takes its desired configuration (§2.4, §2.6, §3.1 of the edgeHub sheet).
import { describe, expect, it } from 'vitest';
import { DEVICE, EdgeHubFixture } from '../../test/edge-hub-fixture.ts';
import { MqttProbe } from '../../test/mqtt-probe.ts';

const EVENTS = `devices/${DEVICE}/modules/m/messages/events/`;
const GOOD = { up: 'FROM /messages/* WHERE kind = "good" INTO $upstream' };
const status = (fixture: EdgeHubFixture) => fixture.hub.twin(DEVICE, '$edgeHub').reported.properties;

/** Sends one message of each kind and says which reached the hub. */
async function kindsThatArrive(fixture: EdgeHubFixture): Promise<(string | undefined)[]> {
  const before = fixture.hub.lastSequenceNumber;
  const probe = await fixture.probe('m');
  for (const kind of ['good', 'other', 'last']) {
    probe.publish(`${EVENTS}kind=${kind}`, 'x');
    await probe.next('puback');
  }
  await fixture.until(async () => (await fixture.metric('edgehub_queue_length', { endpoint: '$upstream' })) === 0);
  const signal = AbortSignal.timeout(200);
  const kinds: (string | undefined)[] = [];
  for await (const record of fixture.hub.telemetry({ afterSequenceNumber: before }, signal)) {
    kinds.push(record.properties['kind']);
  }
  return kinds;
}

describe('the desired configuration of edgeHub', () => {
  it('is applied live, to connected clients as well', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'], routes: GOOD });
    expect(await kindsThatArrive(fixture)).toEqual(['good']);
    fixture.configure({ up: 'FROM /messages/* WHERE kind = "other" INTO $upstream' });
    expect(await kindsThatArrive(fixture)).toEqual(['other']);
    expect(status(fixture)).toMatchObject({ lastDesiredVersion: 3, lastDesiredStatus: { code: 200 } });
  });

  it.each([
    [
      'a route that does not compile',
      { routes: { ok: 'FROM /* INTO $upstream', bad: 'FROM /messages/* INTO nowhere' } },
      'nowhere',
    ],
    ['a bad condition', { routes: { bad: 'FROM /* WHERE a = 1 INTO $upstream' } }, 'a = 1'],
    ['a schema version that is not known', { schemaVersion: '2.0' }, 'schemaVersion'],
    ['no schema version', { schemaVersion: null }, 'schemaVersion'],
    ['no routes', { routes: null }, 'routes'],
    ['a bad priority', { routes: { a: { route: 'FROM /* INTO $upstream', priority: 10 } } }, 'priority'],
  ])(
    'with %s is rejected as a whole with 400, and the old one stays, also over a restart',
    async (_fault, patch, named) => {
      const fixture = await EdgeHubFixture.start({ modules: ['m'], routes: GOOD });
      fixture.hub.patchDesired(DEVICE, '$edgeHub', patch);
      expect(status(fixture)).toMatchObject({
        lastDesiredVersion: 3,
        lastDesiredStatus: { code: 400, description: expect.stringContaining(named) },
      });
      expect(await kindsThatArrive(fixture)).toEqual(['good']);
      await fixture.stop();
      await fixture.resume();
      expect(await kindsThatArrive(fixture)).toEqual(['good']);
      fixture.configure({ up: 'FROM /messages/* WHERE kind = "last" INTO $upstream' });
      expect(await kindsThatArrive(fixture)).toEqual(['last']);
    },
  );

  it('keys that edgeHub does not know are ignored', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'], routes: GOOD });
    fixture.hub.patchDesired(DEVICE, '$edgeHub', { somethingNew: { x: 1 }, mqttBroker: {}, integrity: {} });
    expect(status(fixture)).toMatchObject({ lastDesiredStatus: { code: 200 } });
    expect(await kindsThatArrive(fixture)).toEqual(['good']);
  });

  it('while offline is not heard of, and taken once online', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'], routes: GOOD });
    fixture.edgeHub.setOnline(false);
    fixture.configure({ up: 'FROM /messages/* WHERE kind = "other" INTO $upstream' });
    expect(status(fixture)).toMatchObject({ lastDesiredVersion: 2 });
    fixture.edgeHub.setOnline(true);
    expect(status(fixture)).toMatchObject({ lastDesiredVersion: 3 });
    expect(await kindsThatArrive(fixture)).toEqual(['other']);
  });

  it('an endpoint that loses its route keeps its messages until a route leads there again', async () => {
    const routes = { r: 'FROM /messages/* INTO BrokeredEndpoint("/modules/r/inputs/in")' };
    const fixture = await EdgeHubFixture.start({ modules: ['m', 'r'], routes });
    const probe = await fixture.probe('m');
    probe.publish(EVENTS, 'kept');
    await probe.next('puback');
    fixture.configure({});
    const receiver = await fixture.probe('r');
    await receiver.subscribe(`devices/${DEVICE}/modules/r/inputs/#`);
    expect(await receiver.isQuiet(300)).toBe(true);
    fixture.configure(routes);
    expect((await receiver.message()).text).toBe('kept');
  });
});

describe('the environment of edgeHub', () => {
  it('MessageAckTimeoutSecs: how long a module has for its PUBACK', async () => {
    const fixture = await EdgeHubFixture.start({
      modules: ['sender', 'receiver'],
      routes: { on: 'FROM /messages/modules/sender/* INTO BrokeredEndpoint("/modules/receiver/inputs/in")' },
      ackTimeout: 'deployment',
    });
    fixture.edgeHub.configure({ MessageAckTimeoutSecs: '1' });
    const receiver = await fixture.probe('receiver');
    await receiver.subscribe(`devices/${DEVICE}/modules/receiver/inputs/#`);
    const sender = await fixture.probe('sender');
    sender.publish(`devices/${DEVICE}/modules/sender/messages/events/`, 'a');
    expect((await receiver.message()).text).toBe('a');
    const sentAt = performance.now();
    expect((await receiver.message()).text).toBe('a');
    expect(performance.now() - sentAt).toBeLessThan(29_000);
  });

  it('MaxConnectedClients: one more is turned away', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['a', 'b'] });
    fixture.edgeHub.configure({ MaxConnectedClients: '1' });
    await fixture.probe('a');
    const turnedAway = await MqttProbe.open(fixture.connectOptions('b'));
    expect((await turnedAway.next('connack')).returnCode).toBe(3);
  });
});

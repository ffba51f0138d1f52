// The rows of "CONNECT" and "Connection life" of the edgeHub sheet (§1.2).
import { setTimeout as delay } from 'node:timers/promises';
import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { DEVICE, EdgeHubFixture } from '../../test/edge-hub-fixture.ts';
import { MqttProbe } from '../../test/mqtt-probe.ts';
import { createSharedAccessSignature } from '../hub/shared-access-signature.ts';

/** Connects and returns the CONNACK's return code, and whether the connection then is closed. */
async function attempt(
  fixture: EdgeHubFixture,
  moduleId: string,
  options: Parameters<EdgeHubFixture['connectOptions']>[1],
) {
  const probe = await MqttProbe.open(fixture.connectOptions(moduleId, options));
  const { returnCode } = await probe.next('connack');
  return { returnCode, closed: returnCode === 0 ? probe.isClosed : await probe.closed() };
}

describe('CONNECT', () => {
  it('clientId must equal the identity from the username', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'] });
    for (const clientId of [`${DEVICE}/M`, DEVICE, 'other']) {
      expect(await attempt(fixture, 'm', { clientId })).toEqual({ returnCode: 5, closed: true });
    }
  });

  it('the host part of the username is not compared with anything', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'] });
    const username = `elsewhere/${DEVICE}/m/?api-version=2018-06-30`;
    expect(await attempt(fixture, 'm', { username })).toEqual({ returnCode: 0, closed: false });
  });

  it('bad username: CONNACK 3, then close', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'] });
    expect(await attempt(fixture, 'm', { username: `h/${DEVICE}/m` })).toEqual({ returnCode: 3, closed: true });
  });

  it('password empty and no certificate: CONNACK 5, then close', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'] });
    expect(await attempt(fixture, 'm', { password: '' })).toEqual({ returnCode: 5, closed: true });
  });

  it('password empty: the client certificate counts', async () => {
    const fixture = await EdgeHubFixture.start();
    const issued = await fixture.authority.issue({ commonName: 'x', purpose: 'client', alternativeNames: [] });
    const thumbprint = new X509Certificate(issued.certificate).fingerprint.replaceAll(':', '');
    for (const [moduleId, primaryThumbprint] of [
      ['good', thumbprint],
      ['bad', '00'.repeat(20)],
    ] as const) {
      fixture.hub.createModule({
        deviceId: DEVICE,
        moduleId,
        authentication: 'selfSigned',
        primaryThumbprint,
        secondaryThumbprint: '00'.repeat(20),
      });
    }
    const certificate = { password: '', key: issued.privateKey, cert: issued.certificate };
    expect((await attempt(fixture, 'good', certificate)).returnCode).toBe(0);
    expect((await attempt(fixture, 'bad', certificate)).returnCode).toBe(5);
  });

  it.each([
    ['not a token', () => 'nonsense'],
    ['another module', (fixture: EdgeHubFixture) => fixture.token('other')],
    ['expired', (fixture: EdgeHubFixture) => fixture.token('m', Math.floor(Date.now() / 1000) - 1)],
    ['another host', (fixture: EdgeHubFixture) => tokenFor(fixture, 'elsewhere', 'm')],
    ['signed with another key', (fixture: EdgeHubFixture) => tokenFor(fixture, 'hub.test', 'other')],
  ])('SAS validation refuses: %s', async (_reason, password) => {
    const fixture = await EdgeHubFixture.start({ modules: ['m', 'other'] });
    expect(await attempt(fixture, 'm', { password: password(fixture) })).toEqual({ returnCode: 5, closed: true });
  });

  it.each([
    ['the hub as host, without regard to case', (fixture: EdgeHubFixture) => tokenFor(fixture, 'HUB.test', 'm')],
    ['the gateway as host', (fixture: EdgeHubFixture) => tokenFor(fixture, 'localhost', 'm')],
    ['the secondary key', (fixture: EdgeHubFixture) => tokenFor(fixture, 'hub.test', 'm', { key: 'secondaryKey' })],
    ['the device key', (fixture: EdgeHubFixture) => tokenFor(fixture, 'hub.test', 'm', { signer: undefined })],
  ])('SAS validation accepts: %s', async (_reason, password) => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'] });
    expect((await attempt(fixture, 'm', { password: password(fixture) })).returnCode).toBe(0);
  });

  it('a disabled identity, one of another device, and an unknown one: CONNACK 5', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'] });
    const connect = fixture.connectOptions('m');
    fixture.hub.createDevice({ deviceId: 'foreign' });
    const { primaryKey } = fixture.hub.requireIdentity('foreign');
    const password = createSharedAccessSignature('hub.test/devices/foreign', primaryKey, { expiresAt: 4e9 });
    const foreign = await MqttProbe.open({
      ...connect,
      clientId: 'foreign',
      username: 'h/foreign/?api-version=1',
      password,
    });
    expect((await foreign.next('connack')).returnCode).toBe(5);
    fixture.hub.updateIdentity({ deviceId: DEVICE, moduleId: 'm' }, { status: 'disabled' });
    expect((await (await MqttProbe.open(connect)).next('connack')).returnCode).toBe(5);
    fixture.hub.removeModule(DEVICE, 'm');
    expect((await (await MqttProbe.open(connect)).next('connack')).returnCode).toBe(5);
  });

  it('a leaf device with the edge device as its parent', async () => {
    const fixture = await EdgeHubFixture.start({ routes: { up: 'FROM /messages INTO $upstream' } });
    const { deviceScope } = fixture.hub.requireIdentity(DEVICE);
    fixture.hub.createDevice({ deviceId: 'leaf', ...(deviceScope !== undefined && { deviceScope }) });
    const { primaryKey } = fixture.hub.requireIdentity('leaf');
    const password = createSharedAccessSignature('hub.test/devices/leaf', primaryKey, { expiresAt: 4e9 });
    const leaf = await fixture.probe('$edgeHub', { clientId: 'leaf', username: 'h/leaf/?api-version=1', password });
    leaf.publish('devices/leaf/messages/events/a=b', 'x');
    await leaf.next('puback');
    expect(await fixture.telemetry(1)).toMatchObject([{ deviceId: 'leaf', properties: { a: 'b' } }]);
  });

  it('another protocol version: CONNACK 1', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'] });
    expect((await attempt(fixture, 'm', { protocolVersion: 3 })).returnCode).toBe(1);
  });

  it('more clients than MaxConnectedClients: CONNACK 3', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['a', 'b'], maxConnectedClients: 1 });
    await fixture.probe('a');
    expect((await attempt(fixture, 'b', {})).returnCode).toBe(3);
    expect((await attempt(fixture, 'a', {})).returnCode).toBe(0);
  });
});

function tokenFor(
  fixture: EdgeHubFixture,
  host: string,
  moduleId: string,
  { key = 'primaryKey', signer = moduleId }: { key?: 'primaryKey' | 'secondaryKey'; signer?: string | undefined } = {},
): string {
  // when nobody else signs, the audience is that of module m
  const identity = fixture.hub.requireIdentity(DEVICE, signer);
  return createSharedAccessSignature(`${host}/devices/${DEVICE}/modules/m`, identity[key], { expiresAt: 4e9 });
}

describe('connection life', () => {
  it('success: CONNACK 0 with the session-present bit', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'] });
    const first = await MqttProbe.open(fixture.connectOptions('m'));
    expect(await first.next('connack')).toMatchObject({ returnCode: 0, sessionPresent: false });
    await first.subscribe(`devices/${DEVICE}/modules/m/inputs/#`);
    const second = await MqttProbe.open(fixture.connectOptions('m'));
    expect(await second.next('connack')).toMatchObject({ returnCode: 0, sessionPresent: true });
  });

  it('the first packet is not CONNECT: close', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'] });
    const probe = await MqttProbe.dial(fixture.connectOptions('m'));
    probe.send({ cmd: 'pingreq' });
    expect(await probe.closed()).toBe(true);
  });

  it('no CONNECT within ConnectArrivalTimeout: close', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'], timings: { connectTimeoutMs: 100 } });
    const probe = await MqttProbe.dial(fixture.connectOptions('m'));
    expect(await probe.closed()).toBe(true);
  });

  it('a second CONNECT on the connection: close', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'] });
    const probe = await fixture.probe('m');
    const { clientId, username } = fixture.connectOptions('m');
    probe.send({
      cmd: 'connect',
      clientId,
      username,
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: false,
      keepalive: 60,
    });
    expect(await probe.closed()).toBe(true);
  });

  it('keep-alive: the idle limit is 1.5 times what was asked for', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'] });
    const start = Date.now();
    const probe = await fixture.probe('m', { keepalive: 2 });
    await delay(1500);
    expect(probe.isClosed).toBe(false);
    probe.send({ cmd: 'pingreq' });
    await probe.next('pingresp');
    expect(await probe.closed()).toBe(true);
    expect(Date.now() - start).toBeGreaterThan(4400);
  });

  it.each([0, 3600])('keep-alive %i: capped by MaxKeepAliveTimeout', async (keepalive) => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'], timings: { maxKeepAliveMs: 200 } });
    const probe = await fixture.probe('m', { keepalive });
    expect(await probe.closed()).toBe(true);
  });

  it('a second connection of the same identity: the older one is closed', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'] });
    const older = await fixture.probe('m');
    const newer = await fixture.probe('m');
    expect(await older.closed()).toBe(true);
    expect(await newer.isQuiet(100)).toBe(true);
    expect(fixture.edgeHub.connectedClients).toEqual([`${DEVICE}/m`]);
    expect(fixture.hub.connection(DEVICE, 'm').state).toBe('Connected');
  });

  it('a packet of more than 262144 bytes: close', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'], routes: {} });
    const topic = `devices/${DEVICE}/modules/m/messages/events/`;
    const room = 262_144 - topic.length - 4;
    const probe = await fixture.probe('m');
    probe.publish(topic, Buffer.alloc(room));
    await probe.next('puback');
    probe.publish(topic, Buffer.alloc(room + 1));
    expect(await probe.closed()).toBe(true);
  });

  it('what is not MQTT: close', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'] });
    const probe = await MqttProbe.dial(fixture.connectOptions('m'));
    probe.socket.write('GET / HTTP/1.1\r\n\r\n');
    expect(await probe.closed()).toBe(true);
  });

  it('PUBLISH QoS 2: close', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'] });
    const probe = await fixture.probe('m');
    probe.publish(`devices/${DEVICE}/modules/m/messages/events/`, 'x', { qos: 2 });
    expect(await probe.closed()).toBe(true);
    expect(fixture.hub.lastSequenceNumber).toBe(0);
  });

  it('PUBLISH QoS 0 and 1 are accepted; QoS 1 gets PUBACK', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'] });
    const probe = await fixture.probe('m');
    probe.publish(`devices/${DEVICE}/modules/m/messages/events/`, 'zero', { qos: 0 });
    probe.publish(`devices/${DEVICE}/modules/m/messages/events/`, 'one', { qos: 1, messageId: 77 });
    expect(await probe.next('puback')).toMatchObject({ messageId: 77 });
    expect((await fixture.telemetry(2)).map(({ body }) => body.toString())).toEqual(['zero', 'one']);
    expect(await probe.isQuiet(50)).toBe(true);
  });

  it('un-acked inbound: every message is taken and acknowledged in order, however many come at once', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'] });
    const probe = await fixture.probe('m');
    const ids = Array.from({ length: 200 }, (_, at) => at + 1);
    for (const messageId of ids) {
      probe.publish(`devices/${DEVICE}/modules/m/messages/events/`, String(messageId), { messageId });
    }
    const acknowledged: unknown[] = [];
    for (const _ of ids) acknowledged.push((await probe.next('puback')).messageId);
    expect(acknowledged).toEqual(ids);
    expect((await fixture.telemetry(200)).map(({ body }) => Number(body.toString()))).toEqual(ids);
  });

  it('DISCONNECT: clean close, no will', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'] });
    const will = { topic: `devices/${DEVICE}/modules/m/messages/events/`, payload: Buffer.from('gone') };
    const probe = await fixture.probe('m', { will });
    probe.send({ cmd: 'disconnect' });
    expect(await probe.closed()).toBe(true);
    await delay(100);
    expect(fixture.hub.lastSequenceNumber).toBe(0);
  });

  it('abnormal close with a will: it is published with MessageType=Will', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'] });
    const will = { topic: `devices/${DEVICE}/modules/m/messages/events/k=v`, payload: Buffer.from('gone') };
    const probe = await fixture.probe('m', { will });
    probe.cut();
    const [record] = await fixture.telemetry(1);
    expect(record).toMatchObject({ properties: { k: 'v', MessageType: 'Will' } });
    expect(record?.body.toString()).toBe('gone');
  });

  it('RETAIN becomes mqtt-retain, DUP becomes mqtt-dup', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'] });
    const probe = await fixture.probe('m');
    probe.publish(`devices/${DEVICE}/modules/m/messages/events/`, 'x', { retain: true, dup: true });
    await probe.next('puback');
    expect((await fixture.telemetry(1))[0]?.properties).toEqual({ 'mqtt-retain': 'true', 'mqtt-dup': 'true' });
  });

  it('a token that ends closes the connection', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'] });
    const probe = await fixture.probe('m', { password: fixture.token('m', Math.ceil(Date.now() / 1000) + 1) });
    expect(probe.isClosed).toBe(false);
    expect(await probe.closed(4000)).toBe(true);
  });

  it('an identity that is removed or disabled loses its connection', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['a', 'b'] });
    const [a, b] = [await fixture.probe('a'), await fixture.probe('b')];
    fixture.hub.removeModule(DEVICE, 'a');
    fixture.hub.updateIdentity({ deviceId: DEVICE, moduleId: 'b' }, { status: 'disabled' });
    expect(await a.closed()).toBe(true);
    expect(await b.closed()).toBe(true);
  });
});

// The rows of "Twin" of the edgeHub sheet (§1.7), and of twins in the checklist of the SDK sheet (§10).
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { DEVICE, EdgeHubFixture } from '../../test/edge-hub-fixture.ts';
import type { MqttProbe } from '../../test/mqtt-probe.ts';

const REPORT = '$iothub/twin/PATCH/properties/reported/?$rid=';

async function setUp() {
  const fixture = await EdgeHubFixture.start({ modules: ['m'] });
  const probe = await fixture.probe('m');
  await probe.subscribe('$iothub/twin/res/#', 0);
  return { fixture, probe };
}

async function report(probe: MqttProbe, patch: unknown, requestId = '1'): Promise<{ topic: string; text: string }> {
  probe.publish(`${REPORT}${requestId}`, typeof patch === 'string' ? patch : JSON.stringify(patch), { qos: 0 });
  return await probe.message();
}

describe('twin', () => {
  it('GET: 200 with desired and reported, each with its $version', async () => {
    const { fixture, probe } = await setUp();
    fixture.hub.patchDesired(DEVICE, 'm', { a: { b: 1 } });
    fixture.hub.patchReported(DEVICE, 'm', { c: 'x' });
    probe.publish('$iothub/twin/GET/?$rid=abc-1', ' ', { qos: 0 });
    const { topic, text } = await probe.message();
    expect(topic).toBe('$iothub/twin/res/200/?$rid=abc-1');
    expect(JSON.parse(text)).toEqual({ desired: { a: { b: 1 }, $version: 2 }, reported: { c: 'x', $version: 2 } });
    expect(await fixture.metric('edgehub_gettwin_total', { source: 'edge_hub', id: `${DEVICE}/m` })).toBe(1);
  });

  it('PATCH reported: 204 with an empty body and no $version', async () => {
    const { fixture, probe } = await setUp();
    expect(await report(probe, { a: 1, gone: null }, 'r7')).toMatchObject({
      topic: '$iothub/twin/res/204/?$rid=r7',
      text: '',
    });
    expect(fixture.hub.twin(DEVICE, 'm').reported.properties).toEqual({ a: 1 });
  });

  it('PATCH reported without $rid: no reply', async () => {
    const { fixture, probe } = await setUp();
    probe.publish('$iothub/twin/PATCH/properties/reported/', '{"a":1}', { qos: 0 });
    expect(await probe.isQuiet(100)).toBe(true);
    expect(fixture.hub.twin(DEVICE, 'm').reported.properties).toEqual({ a: 1 });
  });

  it('with QoS 1 the request is acknowledged too', async () => {
    const { probe } = await setUp();
    probe.publish(`${REPORT}1`, '{"a":1}', { qos: 1, messageId: 5 });
    expect(await probe.message()).toMatchObject({ topic: '$iothub/twin/res/204/?$rid=1' });
    expect(await probe.next('puback')).toMatchObject({ messageId: 5 });
  });

  it('invalid argument: 400 with an empty body', async () => {
    const { probe } = await setUp();
    for (const patch of ['not JSON', '[]', '"text"', 'null']) {
      expect(await report(probe, patch)).toMatchObject({ topic: '$iothub/twin/res/400/?$rid=1', text: '' });
    }
  });

  it('other failure: 500 with an empty body', async () => {
    const fixture = await EdgeHubFixture.start({
      modules: ['m'],
      routes: { all: 'FROM /* INTO $upstream' },
      maxStoreBytes: 1,
    });
    const probe = await fixture.probe('m');
    await probe.subscribe('$iothub/twin/res/#', 0);
    expect(await report(probe, { a: 1 })).toMatchObject({ topic: '$iothub/twin/res/500/?$rid=1', text: '' });
  });

  it('desired update: the patch and $version, to subscribers only', async () => {
    const { fixture, probe } = await setUp();
    fixture.hub.patchDesired(DEVICE, 'm', { a: 1 });
    expect(await probe.isQuiet(50)).toBe(true);
    await probe.subscribe('$iothub/twin/PATCH/properties/desired/#', 0);
    fixture.hub.patchDesired(DEVICE, 'm', { a: null, b: { c: [1, 2] } });
    const { topic, text } = await probe.message();
    expect(topic).toBe('$iothub/twin/PATCH/properties/desired/?$version=3');
    expect(JSON.parse(text)).toEqual({ a: null, b: { c: [1, 2] }, $version: 3 });
    probe.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: ['$iothub/twin/PATCH/properties/desired/#'] });
    await probe.next('unsuback');
    fixture.hub.patchDesired(DEVICE, 'm', { d: 1 });
    expect(await probe.isQuiet(50)).toBe(true);
  });

  it('desired update on a version gap: the difference, once the device is online again', async () => {
    const { fixture, probe } = await setUp();
    await probe.subscribe('$iothub/twin/PATCH/properties/desired/#', 0);
    fixture.hub.patchDesired(DEVICE, 'm', { a: 1, b: 1 });
    await probe.message();
    fixture.edgeHub.setOnline(false);
    fixture.hub.patchDesired(DEVICE, 'm', { a: 2 });
    fixture.hub.patchDesired(DEVICE, 'm', { b: null, c: 3 });
    expect(await probe.isQuiet(50)).toBe(true);
    fixture.edgeHub.setOnline(true);
    const { topic, text } = await probe.message();
    expect(topic).toBe('$iothub/twin/PATCH/properties/desired/?$version=4');
    expect(JSON.parse(text)).toEqual({ a: 2, b: null, c: 3, $version: 4 });
  });

  it('offline: the twin is read from the copy, reported properties are stored and synced later, also over a restart', async () => {
    const { fixture, probe } = await setUp();
    fixture.hub.patchDesired(DEVICE, 'm', { wanted: 1 });
    await report(probe, { a: 1, b: { c: 1 } });
    fixture.edgeHub.setOnline(false);
    await report(probe, { a: null, b: { c: 2 } });
    await report(probe, { b: { d: 3 } });
    expect(fixture.hub.twin(DEVICE, 'm').reported.properties).toEqual({ a: 1, b: { c: 1 } });
    probe.publish('$iothub/twin/GET/?$rid=1', '', { qos: 0 });
    expect(JSON.parse((await probe.message()).text)).toEqual({
      desired: { wanted: 1, $version: 2 },
      reported: { b: { c: 2, d: 3 }, $version: 4 },
    });
    await fixture.stop();
    await fixture.resume();
    expect(fixture.hub.twin(DEVICE, 'm').reported.properties).toEqual({ b: { c: 2, d: 3 } });
  });

  it.each([
    ['depth over 10', nested(11)],
    ['a value over 4096 bytes', { a: 'ü'.repeat(2049) }],
    ['a name over 1024 bytes', { ['n'.repeat(1025)]: 1 }],
    ['an integer over 2^52 - 1', { a: 2 ** 52 }],
    ['an integer below -2^52', { a: -(2 ** 52) - 1 }],
    ['a document over 32 KB', Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`k${at}`, 'x'.repeat(4000)]))],
    ['a control character in a name', { 'a\u0001': 1 }],
    ['. in a name', { 'a.b': 1 }],
    ['$ in a name', { a$: 1 }],
    ['# in a name', { 'a#': 1 }],
    ['white space in a name', { 'a b': 1 }],
    ['null inside an array', { a: [1, [null]] }],
    ['null inside an array in an object', { a: { b: [{ c: [null] }] } }],
  ])('reported validation refuses %s', async (_rule, patch) => {
    const { fixture, probe } = await setUp();
    expect((await report(probe, patch)).topic).toBe('$iothub/twin/res/400/?$rid=1');
    expect(fixture.hub.twin(DEVICE, 'm').reported.properties).toEqual({});
  });

  it.each([
    // the hub counts the document itself as a level too; edgeHub alone would take one more
    ['depth 9', nested(9)],
    ['a value of 4096 bytes', { a: 'x'.repeat(4096) }],
    ['integers at the bounds', { a: 2 ** 52 - 1, b: -(2 ** 52) }],
    ['all kinds of values', { a: 'x', b: 1.5, c: true, e: { f: [1, 'two', { three: 3 }] } }],
  ])('reported validation takes %s', async (_rule, patch) => {
    const { fixture, probe } = await setUp();
    expect((await report(probe, patch)).topic).toBe('$iothub/twin/res/204/?$rid=1');
    expect(fixture.hub.twin(DEVICE, 'm').reported.properties).toEqual(patch);
  });

  it('reported changes are routed as twinChangeNotifications, upstream in the name of the module', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'], routes: { up: 'FROM /* INTO $upstream' } });
    const probe = await fixture.probe('m');
    await probe.subscribe('$iothub/twin/res/#', 0);
    await report(probe, { a: 1 });
    const [record] = await fixture.telemetry(1);
    expect(record).toMatchObject({
      deviceId: DEVICE,
      moduleId: 'm',
      systemProperties: { messageSchema: 'twinChangeNotification' },
    });
    expect(record?.body.toString()).toBe('{"a":1}');
  });
});

function nested(depth: number): object {
  return depth === 0 ? { leaf: 1 } : { level: nested(depth - 1) };
}

describe('the twin of an unmodified SDK client', () => {
  it('is read, reported and told of changes', async () => {
    const { fixture } = await setUp();
    fixture.hub.patchDesired(DEVICE, 'm', { colour: 'red' });
    const client = await fixture.sdkClient('m');
    const twin = await client.getTwin();
    const seen: unknown[] = [];
    twin.on('properties.desired', (patch: unknown) => seen.push(structuredClone(patch)));
    // the client merges later changes into the object that it handed out
    const { promise, resolve } = Promise.withResolvers<unknown>();
    twin.properties.reported['update']({ mine: true }, resolve);
    expect(await promise).toBeFalsy();
    await delay(100);
    fixture.hub.patchDesired(DEVICE, 'm', { colour: 'blue' });
    await fixture.until(async () => seen.length === 2);
    expect(seen).toEqual([
      { colour: 'red', $version: 2 },
      { colour: 'blue', $version: 3 },
    ]);
    expect(fixture.hub.twin(DEVICE, 'm').reported.properties).toEqual({ mine: true });
  });
});

describe("edgeHub's reported twin", () => {
  const reported = (fixture: EdgeHubFixture) => fixture.hub.twin(DEVICE, '$edgeHub').reported.properties;

  it('schemaVersion, version, lastDesiredVersion and lastDesiredStatus', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'] });
    expect(reported(fixture)).toMatchObject({
      schemaVersion: '1.0',
      version: { version: expect.any(String), build: expect.any(String), commit: expect.any(String) },
      lastDesiredVersion: 2,
      lastDesiredStatus: { code: 200, description: '' },
    });
  });

  it('clients: Connected and Disconnected with their times, cleared at a restart', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'] });
    const name = `${DEVICE}/m`;
    const probe = await fixture.probe('m');
    expect(reported(fixture)['clients']).toEqual({
      [name]: { status: 'Connected', lastConnectedTimeUtc: expect.any(String) },
    });
    probe.cut();
    await fixture.edgeHubLost('m');
    expect(reported(fixture)['clients']).toEqual({
      [name]: {
        status: 'Disconnected',
        lastConnectedTimeUtc: expect.any(String),
        lastDisconnectedTimeUtc: expect.any(String),
      },
    });
    await fixture.stop();
    await fixture.resume();
    expect(reported(fixture)['clients']).toBeUndefined();
  });
});

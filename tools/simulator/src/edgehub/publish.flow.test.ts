// The rows of "PUBACK to the publisher; unroutable and oversize" of the edgeHub sheet (§1.5), and the topics of §1.3.
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEVICE, EdgeHubFixture } from '../../test/edge-hub-fixture.ts';

const EVENTS = `devices/${DEVICE}/modules/m/messages/events/`;

describe('PUBACK to the publisher', () => {
  it('routed: after the message is stored, not after delivery', async () => {
    const routes = { far: 'FROM /messages/* INTO BrokeredEndpoint("/modules/absent/inputs/in")' };
    const fixture = await EdgeHubFixture.start({ modules: ['m', 'absent'], routes });
    const probe = await fixture.probe('m');
    probe.publish(EVENTS, 'kept');
    await probe.next('puback');
    expect(await fixture.metric('edgehub_queue_length', { endpoint: 'modules/absent/inputs/in' })).toBe(1);
    await fixture.stop();
    await fixture.resume();
    const receiver = await fixture.probe('absent');
    await receiver.subscribe(`devices/${DEVICE}/modules/absent/inputs/#`);
    expect((await receiver.message()).text).toBe('kept');
  });

  it('stored in every matched queue', async () => {
    const routes = {
      a: 'FROM /messages/* INTO BrokeredEndpoint("/modules/a/inputs/in")',
      b: 'FROM /messages/* INTO BrokeredEndpoint("/modules/b/inputs/in")',
      up: 'FROM /messages/* INTO $upstream',
      never: 'FROM /messages/* WHERE x = "y" INTO BrokeredEndpoint("/modules/c/inputs/in")',
    };
    const fixture = await EdgeHubFixture.start({ modules: ['m', 'a', 'b', 'c'], routes });
    fixture.edgeHub.setOnline(false);
    const probe = await fixture.probe('m');
    probe.publish(EVENTS, 'x');
    await probe.next('puback');
    const lengths = ['modules/a/inputs/in', 'modules/b/inputs/in', '$upstream', 'modules/c/inputs/in'];
    const found = await Promise.all(lengths.map((endpoint) => fixture.metric('edgehub_queue_length', { endpoint })));
    expect(found).toEqual([1, 1, 1, 0]);
  });

  it('no route matched: dropped, counted, acknowledged all the same', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'], routes: {} });
    const probe = await fixture.probe('m');
    probe.publish(`${EVENTS}%24.on=out`, 'x');
    await probe.next('puback');
    expect(
      await fixture.metric('edgehub_messages_dropped_total', {
        reason: 'no_route',
        from: `${DEVICE}/m`,
        from_route_output: 'out',
      }),
    ).toBe(1);
  });

  it('size over 262144 with its properties: a warning, dropped, acknowledged all the same', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'] });
    const probe = await fixture.probe('m');
    // topic and body fit into a packet; by their internal names the properties are longer than on the wire
    const topic = `${EVENTS}%24.exp=1`;
    probe.publish(topic, Buffer.alloc(262_144 - topic.length - 4));
    await probe.next('puback');
    probe.publish(EVENTS, 'small');
    await probe.next('puback');
    expect((await fixture.telemetry(1))[0]?.body.toString()).toBe('small');
    const warnings = fixture.events.filter(({ stage }) => stage === 'edgehub.client.warning');
    expect(warnings.map(({ text }) => text).join()).toContain('edgeHub takes at most 262144');
  });

  it('storing fails: the connection is closed without a PUBACK', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'], maxStoreBytes: 400 });
    fixture.edgeHub.setOnline(false);
    const probe = await fixture.probe('m');
    probe.publish(EVENTS, 'a'.repeat(200));
    await probe.next('puback');
    probe.publish(EVENTS, 'b'.repeat(200));
    expect(await probe.closed()).toBe(true);
    await expect(probe.next('puback')).rejects.toThrow('in vain');
    expect(await fixture.metric('edgehub_messages_unack_total', { reason: 'storage_failure' })).toBe(1);
    fixture.edgeHub.setOnline(true);
    expect((await fixture.telemetry(1))[0]?.body.toString()).toBe('a'.repeat(200));
  });

  it('topic not recognised: a warning, acknowledged all the same', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'] });
    const probe = await fixture.probe('m');
    probe.publish('some/other/topic', 'x');
    await probe.next('puback');
    expect(fixture.events.some(({ text }) => text.includes('"some/other/topic"'))).toBe(true);
  });

  it('a bad property bag: a warning, acknowledged all the same', async () => {
    const fixture = await EdgeHubFixture.start({ modules: ['m'] });
    const probe = await fixture.probe('m');
    probe.publish(`${EVENTS}a=b=c`, 'x');
    await probe.next('puback');
    expect(fixture.hub.lastSequenceNumber).toBe(0);
  });

  it.each(['$iothub/twin/GET/', '$iothub/twin/PATCH/properties/reported/sub/?$rid=1', '$iothub/twin/x/?$rid=1'])(
    '%s, malformed: the connection is closed',
    async (topic) => {
      const fixture = await EdgeHubFixture.start({ modules: ['m'] });
      const probe = await fixture.probe('m');
      probe.publish(topic, '{}', { qos: 0 });
      expect(await probe.closed()).toBe(true);
    },
  );
});

describe('the topic of telemetry', () => {
  it('gives connectionDeviceId and connectionModuleId, and the output its name', async () => {
    const fixture = await EdgeHubFixture.start({
      modules: ['m', 'r'],
      routes: { r: 'FROM /messages/modules/m/outputs/out INTO BrokeredEndpoint("/modules/r/inputs/in")' },
    });
    const receiver = await fixture.probe('r');
    await receiver.subscribe(`devices/${DEVICE}/modules/r/inputs/#`);
    const probe = await fixture.probe('m');
    probe.publish(`${EVENTS}%24.mid=1&a=b&%24.on=out/`, 'x');
    expect((await receiver.message()).topic).toBe(
      `devices/${DEVICE}/modules/r/inputs/in/a=b&%24.mid=1&%24.cdid=${DEVICE}&%24.cmid=m`,
    );
  });
});

it('queues that cannot be opened are named', async () => {
  const fixture = await EdgeHubFixture.start();
  await fixture.stop();
  const file = path.join(fixture.directory, 'edgehub', 'edgehub.sqlite');
  await rm(file);
  await rm(`${file}-wal`, { force: true });
  await writeFile(file, 'not a database'.repeat(100));
  await expect(fixture.resume()).rejects.toMatchObject({
    code: 'SimulatorFailed',
    message: expect.stringContaining(file),
  });
});

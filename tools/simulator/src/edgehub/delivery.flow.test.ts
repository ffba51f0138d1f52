// The rows of "Delivery to a module and redelivery" of the edgeHub sheet (§1.6), and of priority and time to live (§2.6).
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { DEVICE, EdgeHubFixture } from '../../test/edge-hub-fixture.ts';
import type { FixtureOptions } from '../../test/edge-hub-fixture.ts';
import type { MqttProbe } from '../../test/mqtt-probe.ts';
import { edgeHubTimings } from './edge-hub-timings.ts';
import { retryDelay } from './endpoint-pump.ts';

const INPUTS = `devices/${DEVICE}/modules/r/inputs/#`;
const ROUTES = { r: 'FROM /messages/modules/s/* INTO BrokeredEndpoint("/modules/r/inputs/in")' };

/** A sender `s` whose messages are routed to the receiver `r`. */
async function setUp(options: FixtureOptions = {}) {
  const fixture = await EdgeHubFixture.start({ modules: ['s', 'r'], routes: ROUTES, ...options });
  const sender = await fixture.probe('s');
  const send = async (body: string, properties = ''): Promise<void> => {
    sender.publish(`devices/${DEVICE}/modules/s/messages/events/${properties}`, body);
    await sender.next('puback');
  };
  return { fixture, send };
}

async function receiver(fixture: EdgeHubFixture, qos: 0 | 1 = 1): Promise<MqttProbe> {
  const probe = await fixture.probe('r');
  await probe.subscribe(INPUTS, qos);
  return probe;
}

describe('delivery to a module', () => {
  it('outgoing QoS: 1, lowered to that of the subscription', async () => {
    const { fixture, send } = await setUp();
    const probe = await receiver(fixture, 0);
    await send('a');
    await send('b');
    expect([await probe.message(), await probe.message()]).toMatchObject([
      { qos: 0, text: 'a' },
      { qos: 0, text: 'b' },
    ]);
    await probe.subscribe(INPUTS, 1);
    await send('c');
    expect(await probe.message()).toMatchObject({ qos: 1, text: 'c' });
  });

  it('outgoing QoS: the app property mqtt-qos overrides', async () => {
    const { fixture, send } = await setUp();
    const probe = await receiver(fixture);
    await send('a', 'mqtt-qos=0');
    await send('b', 'mqtt-qos=1');
    expect([await probe.message(), await probe.message()]).toMatchObject([{ qos: 0 }, { qos: 1 }]);
  });

  it('packet id: always 1; DUP and RETAIN never set', async () => {
    const { fixture, send } = await setUp();
    const probe = await receiver(fixture);
    for (const body of ['a', 'b', 'c']) {
      await send(body);
      const message = await probe.message();
      expect(message).toMatchObject({ messageId: 1, dup: false, retain: false, text: body });
      probe.acknowledge(message);
    }
  });

  it('in flight: one message at a time per module, in order, across all inputs', async () => {
    const routes = {
      a: 'FROM /messages/modules/s/* WHERE to = "a" INTO BrokeredEndpoint("/modules/r/inputs/a")',
      b: 'FROM /messages/modules/s/* WHERE to = "b" INTO BrokeredEndpoint("/modules/r/inputs/b")',
    };
    const { fixture, send } = await setUp({ routes });
    const probe = await receiver(fixture);
    await send('1', 'to=a');
    await send('2', 'to=b');
    await send('3', 'to=a');
    const seen: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      const message = await probe.message();
      expect(await probe.isQuiet(50)).toBe(true);
      seen.push(message.text);
      probe.acknowledge(message);
    }
    expect(seen.toSorted()).toEqual(['1', '2', '3']);
    expect(seen.indexOf('1')).toBeLessThan(seen.indexOf('3'));
  });

  it('ack match: FIFO; a PUBACK that nothing waits for is ignored', async () => {
    const { fixture, send } = await setUp();
    const probe = await receiver(fixture);
    await send('a');
    await send('b');
    const first = await probe.message();
    probe.send({ cmd: 'puback', messageId: 99 });
    expect(await probe.isQuiet(50)).toBe(true);
    probe.acknowledge(first);
    const second = await probe.message();
    expect(second.text).toBe('b');
    probe.acknowledge(second);
    probe.acknowledge(second);
    await send('c');
    expect((await probe.message()).text).toBe('c');
    expect(fixture.events.some(({ text }) => text.includes('ignored a PUBACK'))).toBe(true);
  });

  it('ack timeout: the message comes again as a new PUBLISH, then what was behind it', async () => {
    const { fixture, send } = await setUp({ timings: { ackTimeoutMs: 1500 } });
    const probe = await receiver(fixture);
    await send('a');
    await send('b');
    const first = await probe.message();
    const again = await probe.message();
    expect(again).toMatchObject({ text: 'a', messageId: 1, dup: false });
    // the late one belongs to the first sending, which is forgotten; only the second one counts
    probe.acknowledge(first);
    expect(await probe.isQuiet(50)).toBe(true);
    probe.acknowledge(again);
    expect((await probe.message()).text).toBe('b');
    expect(await fixture.metric('edgehub_operation_retry_total', { operation: 'SendMessage' })).toBe(1);
  });

  it('on timeout: retried with exponential backoff, 1 s, then more, at most 60 s', () => {
    const delays = Array.from({ length: 8 }, (_, failures) => retryDelay(failures, edgeHubTimings));
    expect(delays[0]).toBe(1000);
    for (const [failures, wait] of delays.entries()) {
      expect(wait).toBeGreaterThanOrEqual(Math.min(60_000, 1000 + (2 ** failures - 1) * 800));
      expect(wait).toBeLessThanOrEqual(Math.min(60_000, 1000 + (2 ** failures - 1) * 1200));
    }
    expect(retryDelay(2000, edgeHubTimings)).toBe(60_000);
  });

  it('client disconnects with one un-acked: the rest of the timeout is waited out before it is sent again', async () => {
    const { fixture, send } = await setUp({ timings: { ackTimeoutMs: 1000, retryMinimumMs: 50, retryMaximumMs: 50 } });
    const first = await receiver(fixture);
    await send('a');
    await first.message();
    const start = Date.now();
    first.cut();
    await fixture.edgeHubLost('r');
    const second = await receiver(fixture);
    expect((await second.message()).text).toBe('a');
    expect(Date.now() - start).toBeGreaterThan(800);
  });

  it('client disconnects with one un-acked: with resumeAtOnce it is sent again as soon as the client is back', async () => {
    const { fixture, send } = await setUp({
      timings: { ackTimeoutMs: 60_000, retryMinimumMs: 60_000, retryMaximumMs: 60_000, resumeAtOnce: true },
    });
    const first = await receiver(fixture);
    await send('a');
    await first.message();
    first.cut();
    await fixture.edgeHubLost('r');
    const second = await fixture.probe('r');
    expect((await second.message()).text).toBe('a');
  });

  it('take-over by a new connection of the same identity cancels the wait at once', async () => {
    const { fixture, send } = await setUp({
      timings: { ackTimeoutMs: 60_000, retryMinimumMs: 100, retryMaximumMs: 100 },
    });
    const first = await receiver(fixture);
    await send('a');
    await first.message();
    const second = await fixture.probe('r');
    expect(await first.closed()).toBe(true);
    expect((await second.message()).text).toBe('a');
  });

  it('module absent or not subscribed: the message stays queued, and comes with the backoff', async () => {
    const { fixture, send } = await setUp({ timings: { retryMinimumMs: 1000, retryMaximumMs: 1000 } });
    await send('a');
    await delay(50);
    const start = Date.now();
    const probe = await fixture.probe('r');
    expect(await probe.isQuiet(100)).toBe(true);
    await probe.subscribe(INPUTS);
    expect((await probe.message()).text).toBe('a');
    expect(Date.now() - start).toBeGreaterThan(250);
  });

  it('a filter that names one input without # brings nothing, yet is granted', async () => {
    const { fixture, send } = await setUp();
    const probe = await fixture.probe('r');
    expect(await probe.subscribe(`devices/${DEVICE}/modules/r/inputs/in`)).toEqual([1]);
    await send('a');
    expect(await probe.isQuiet(300)).toBe(true);
    await probe.subscribe(INPUTS);
    expect((await probe.message()).text).toBe('a');
  });

  it('SUBACK grants QoS 1 where 2 was asked for', async () => {
    const { fixture } = await setUp();
    const probe = await fixture.probe('r');
    expect(await probe.subscribe(INPUTS, 2)).toEqual([1]);
    expect(await probe.subscribe(INPUTS, 0)).toEqual([0]);
  });

  it('connected with a subscription whose filter does not match: the message is dropped', async () => {
    const { fixture, send } = await setUp();
    const probe = await fixture.probe('r');
    await probe.subscribe(`devices/${DEVICE}/modules/r/inputs/other/#`);
    await send('a');
    await fixture.until(async () => fixture.events.some(({ stage }) => stage === 'edgehub.message'));
    await probe.subscribe(INPUTS);
    expect(await probe.isQuiet(300)).toBe(true);
    expect(await fixture.metric('edgehub_queue_length', { endpoint: 'modules/r/inputs/in' })).toBe(0);
  });

  it('unsubscribed: nothing is sent until the subscription is back', async () => {
    const { fixture, send } = await setUp();
    const probe = await receiver(fixture);
    probe.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: [INPUTS] });
    await probe.next('unsuback');
    await send('a');
    expect(await probe.isQuiet(200)).toBe(true);
    await probe.subscribe(INPUTS);
    expect((await probe.message()).text).toBe('a');
  });

  it('subscription age: messages queued before the module first subscribed are delivered', async () => {
    const { fixture, send } = await setUp();
    await send('old');
    const probe = await receiver(fixture);
    expect((await probe.message()).text).toBe('old');
  });

  it('subscription age: twin-change messages older than the subscription are dropped', async () => {
    const routes = { r: 'FROM /twinChangeNotifications INTO BrokeredEndpoint("/modules/r/inputs/in")' };
    const { fixture } = await setUp({ routes });
    const sender = await fixture.probe('s');
    await sender.subscribe('$iothub/twin/res/#');
    const report = async (value: number) => {
      sender.publish('$iothub/twin/PATCH/properties/reported/?$rid=1', JSON.stringify({ value }), { qos: 0 });
      await sender.message();
    };
    await report(1);
    await delay(20);
    const probe = await receiver(fixture);
    await fixture.until(
      async () => (await fixture.metric('edgehub_queue_length', { endpoint: 'modules/r/inputs/in' })) === 0,
    );
    await report(2);
    const message = await probe.message();
    expect(message).toMatchObject({
      text: '{"value":2}',
      topic: expect.stringContaining(`%24.cdid=${DEVICE}&%24.cmid=s`),
    });
  });

  it('at least once, in order: after one late PUBACK that message and the rest come again', async () => {
    const { fixture, send } = await setUp({ timings: { ackTimeoutMs: 200 } });
    const bodies = Array.from({ length: 25 }, (_, at) => String(at));
    for (const body of bodies) await send(body);
    const probe = await receiver(fixture);
    const seen: string[] = [];
    let late: unknown;
    while (seen.at(-1) !== '24') {
      const message = await probe.message();
      seen.push(message.text);
      const isLate: boolean = message.text === '7' && late === undefined;
      if (isLate) late = message;
      // every PUBLISH is acknowledged in the end, the slow one when it has come again already
      else probe.acknowledge(message);
      if (seen.length === 9) probe.acknowledge(message);
    }
    expect(seen).toEqual([...bodies.slice(0, 8), ...bodies.slice(7)]);
  });
});

describe('session', () => {
  it('clean session 0: subscriptions are kept, also over a restart of edgeHub', async () => {
    const { fixture, send } = await setUp();
    const first = await receiver(fixture);
    first.send({ cmd: 'disconnect' });
    await first.closed();
    await send('a');
    await fixture.stop();
    await fixture.resume();
    const second = await fixture.probe('r');
    expect((await second.message()).text).toBe('a');
  });

  it('clean session 1: the kept session is deleted, and none is kept', async () => {
    const { fixture, send } = await setUp();
    await (await receiver(fixture)).closed(10);
    const clean = await fixture.probe('r', { clean: true });
    await clean.subscribe(INPUTS);
    await send('a');
    clean.acknowledge(await clean.message());
    const again = await fixture.probe('r');
    await send('b');
    expect(await again.isQuiet(300)).toBe(true);
    await again.subscribe(INPUTS);
    expect((await again.message()).text).toBe('b');
  });

  it('message queueing is independent of clean session, and survives a restart', async () => {
    const { fixture, send } = await setUp();
    for (const body of ['a', 'b', 'c']) await send(body);
    await fixture.stop();
    await fixture.resume();
    const probe = await fixture.probe('r', { clean: true });
    await probe.subscribe(INPUTS);
    const seen: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      const message = await probe.message();
      seen.push(message.text);
      probe.acknowledge(message);
    }
    expect(seen).toEqual(['a', 'b', 'c']);
  });
});

describe('priority and time to live', () => {
  it('strict priority: a lower queue is drained only when higher ones are empty', async () => {
    const to = 'INTO BrokeredEndpoint("/modules/r/inputs/in")';
    const routes = {
      high: { route: `FROM /messages/* WHERE p = "0" ${to}`, priority: 0 },
      low: { route: `FROM /messages/* WHERE p = "9" ${to}`, priority: 9 },
      default: `FROM /messages/* WHERE p = "none" ${to}`,
    };
    const { fixture, send } = await setUp({ routes });
    for (const [body, p] of [
      ['d', 'none'],
      ['l', '9'],
      ['h1', '0'],
      ['h2', '0'],
    ])
      await send(body ?? '', `p=${p}`);
    const probe = await receiver(fixture);
    const seen: string[] = [];
    for (let count = 0; count < 4; count += 1) {
      const message = await probe.message();
      seen.push(message.text);
      probe.acknowledge(message);
    }
    expect(seen).toEqual(['h1', 'h2', 'l', 'd']);
  });

  it('the same endpoint from several routes: delivered once, with the smallest priority number', async () => {
    const to = 'INTO BrokeredEndpoint("/modules/r/inputs/in")';
    const routes = {
      a: { route: `FROM /messages/* ${to}`, priority: 5 },
      b: { route: `FROM /messages/modules/* ${to}`, priority: 1 },
      c: `FROM /* ${to}`,
    };
    const { fixture, send } = await setUp({ routes });
    await send('once');
    expect(await fixture.metric('edgehub_queue_length', { endpoint: 'modules/r/inputs/in', priority: '1' })).toBe(1);
    const probe = await receiver(fixture);
    probe.acknowledge(await probe.message());
    expect(await probe.isQuiet(200)).toBe(true);
  });

  it('timeToLiveSecs of a route: an expired message is skipped and counted', async () => {
    let now = Date.now();
    const routes = { r: { route: ROUTES.r, timeToLiveSecs: 10 } };
    const { fixture, send } = await setUp({ routes, now: () => now });
    await send('old');
    now += 11_000;
    await send('new');
    const probe = await receiver(fixture);
    expect((await probe.message()).text).toBe('new');
    expect(await fixture.metric('edgehub_messages_dropped_total', { reason: 'ttl_expiry', from: `${DEVICE}/s` })).toBe(
      1,
    );
  });

  it.each([
    ['0 stands for the global value', 0, 10, false],
    ['absent stands for the global value', undefined, 10, false],
    ['global below 0 is for ever', 0, -1, true],
  ])('timeToLiveSecs: %s', async (_case, routeSecs, globalSecs, isThere) => {
    let now = Date.now();
    const routes = { r: { route: ROUTES.r, ...(routeSecs !== undefined && { timeToLiveSecs: routeSecs }) } };
    const { fixture, send } = await setUp({ routes, timeToLiveSecs: globalSecs, now: () => now });
    await send('old');
    now += 60_000;
    await send('new');
    const probe = await receiver(fixture);
    expect((await probe.message()).text).toBe(isThere ? 'old' : 'new');
  });

  it('cleanup removes expired messages from queues that nobody reads', async () => {
    let now = Date.now();
    const { fixture, send } = await setUp({ timeToLiveSecs: 10, now: () => now, timings: { cleanupIntervalMs: 50 } });
    await send('old');
    now += 11_000;
    await fixture.until(
      async () => (await fixture.metric('edgehub_queue_length', { endpoint: 'modules/r/inputs/in' })) === 0,
    );
    expect(await fixture.metric('edgehub_messages_dropped_total', { reason: 'ttl_expiry' })).toBe(1);
  });
});

describe('offline', () => {
  it('messages for $upstream wait, modules go on, and everything arrives in order afterwards', async () => {
    const routes = { ...ROUTES, up: 'FROM /messages/modules/s/* INTO $upstream' };
    const { fixture, send } = await setUp({ routes });
    const probe = await receiver(fixture);
    fixture.edgeHub.setOnline(false);
    for (const body of ['a', 'b', 'c']) await send(body);
    expect((await probe.message()).text).toBe('a');
    await delay(100);
    expect(fixture.hub.lastSequenceNumber).toBe(0);
    expect(fixture.hub.connection(DEVICE, 's').state).toBe('Disconnected');
    fixture.edgeHub.setOnline(true);
    expect((await fixture.telemetry(3)).map(({ body }) => body.toString())).toEqual(['a', 'b', 'c']);
    expect(fixture.hub.connection(DEVICE, 's').state).toBe('Connected');
    expect(await fixture.metric('edgehub_offline_count_total', { id: DEVICE })).toBe(1);
  });
});

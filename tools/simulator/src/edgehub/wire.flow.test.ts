// Rows of the wire format that take a whole edgeHub, and of the Node.js SDK's checklist.
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { Message } from 'azure-iot-device';
import { DEVICE, EdgeHubFixture } from '../../test/edge-hub-fixture.ts';

const ROUTES = { on: 'FROM /messages/modules/s/* INTO BrokeredEndpoint("/modules/r/inputs/in")' };
const INPUTS = `devices/${DEVICE}/modules/r/inputs/#`;
const EVENTS = `devices/${DEVICE}/modules/s/messages/events/`;

async function setUp(): Promise<EdgeHubFixture> {
  return await EdgeHubFixture.start({ modules: ['s', 'r'], routes: ROUTES });
}

it('input topic: always with a segment of properties, and without a slash at its end', async () => {
  const fixture = await setUp();
  const receiver = await fixture.probe('r');
  await receiver.subscribe(INPUTS);
  const sender = await fixture.probe('s');
  sender.publish(EVENTS, 'bare');
  const { topic } = await receiver.message();
  expect(topic).toBe(`devices/${DEVICE}/modules/r/inputs/in/%24.cdid=${DEVICE}&%24.cmid=s`);
});

it('property bag: a message keeps its own properties from module to module, and gets none of edgeHub itself', async () => {
  const fixture = await setUp();
  const receiver = await fixture.probe('r');
  await receiver.subscribe(INPUTS);
  const sender = await fixture.probe('s');
  sender.publish(`${EVENTS}a=1&%24.mid=m1&%24.cid=c1&%24.ct=application%2Fjson&%24.ce=utf-8&%24.on=out`, '{}');
  const { topic } = await receiver.message();
  const bag = topic.slice(topic.lastIndexOf('/') + 1).split('&');
  expect(bag[0]).toBe('a=1');
  expect(bag.slice(1).toSorted()).toEqual(
    [
      '%24.cdid=edge-1',
      '%24.ce=utf-8',
      '%24.cid=c1',
      '%24.cmid=s',
      '%24.ct=application%2Fjson',
      '%24.mid=m1',
    ].toSorted(),
  );
});

it('topics of telemetry: matched at their end only, with slashes where clients put them', async () => {
  const fixture = await EdgeHubFixture.start({ modules: ['s'] });
  const sender = await fixture.probe('s');
  const base = `devices/${DEVICE}/modules/s/messages/events`;
  for (const topic of [base, `${base}/`, `${base}/a=1`, `${base}/a=1/`, `more/${base}/`]) {
    sender.publish(topic, topic);
    await sender.next('puback');
  }
  expect((await fixture.telemetry(5)).map(({ body }) => body.toString())).toHaveLength(5);
});

it('a queued input is pushed right after the CONNACK of a session that is kept', async () => {
  const fixture = await EdgeHubFixture.start({ modules: ['s', 'r'], routes: ROUTES, timings: { resumeAtOnce: true } });
  const first = await fixture.probe('r');
  await first.subscribe(INPUTS);
  first.cut();
  await fixture.edgeHubLost('r');
  const sender = await fixture.probe('s');
  sender.publish(EVENTS, 'queued');
  await sender.next('puback');
  const again = await fixture.probe('r');
  const { dup, text } = await again.message();
  expect({ dup, text }).toEqual({ dup: false, text: 'queued' });
});

it('an unmodified SDK client renews its token without losing a message, with no SUBSCRIBE again', async () => {
  const fixture = await setUp();
  const got: string[] = [];
  await fixture.sdkClient('r', (client) => {
    client.on('inputMessage', (_input, message) => got.push(message.getData().toString()));
    void client.setOptions({
      ca: fixture.authority.trustBundle,
      tokenRenewal: { tokenValidTimeInSeconds: 3, tokenRenewalMarginInSeconds: 2 },
    });
  });
  const sender = await fixture.sdkClient('s');
  const connected = () => fixture.metric('edgehub_client_connect_success_total', { id: `${DEVICE}/r` });
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  // setting the option renews at once, while the client still subscribes: a message of that moment the SDK itself acknowledges and loses
  await fixture.until(async () => (await connected()) >= 2);
  let sent = 0;
  while ((await connected()) < 4) {
    sent += 1;
    await sender.sendOutputEvent('out', new Message(String(sent)));
    await delay(100);
  }
  await fixture.until(async () => new Set(got).size === sent);
  expect([...new Set(got)]).toEqual(Array.from({ length: sent }, (_, index) => String(index + 1)));
});

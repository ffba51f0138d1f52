import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { StateDatabase } from '../state/state-database.ts';
import type { NewCloudMessage } from './cloud-message.ts';
import { Hub } from './hub.ts';

const HOUR_MS = 60 * 60 * 1000;

/** A hub with a clock of its own and the device "meter". */
async function start() {
  const directory = await mkdtemp(path.join(tmpdir(), 'edgewright-cloud-messages-'));
  const database = StateDatabase.open(directory);
  onTestFinished(async () => {
    database[Symbol.dispose]();
    await rm(directory, { recursive: true, force: true });
  });
  const clock = { now: Date.parse('2026-01-01T00:00:00Z') };
  const hub = new Hub({ hostName: 'localhost', database, now: () => clock.now });
  const device = hub.createDevice({ deviceId: 'meter' });
  const send = (messageId: string, more: Partial<NewCloudMessage> = {}) =>
    hub.sendToDevice('meter', { body: Buffer.from('x'), systemProperties: { messageId }, ...more });
  const outcomes = () =>
    hub.cloudMessages.feedback.take(100).map(({ originalMessageId, statusCode }) => [originalMessageId, statusCode]);
  return { clock, hub, device, send, outcomes, messages: hub.cloudMessages };
}

it('gives up messages whose time has passed, also of a device that never comes', async () => {
  const { clock, device, send, outcomes, messages } = await start();
  send('short', { expiresAt: clock.now + 1000, ack: 'full' });
  send('usual', { ack: 'negative' });
  clock.now += 1000;
  expect(messages.count('meter')).toBe(1);
  expect(messages.take(device)?.systemProperties['messageId']).toBe('usual');
  clock.now += HOUR_MS;
  expect(messages.take(device)).toBeUndefined();
  messages.endExpired();
  expect(outcomes()).toEqual([
    ['short', 'Expired'],
    ['usual', 'Expired'],
  ]);
});

it('has room for fifty messages for a device, without those whose time has passed', async () => {
  const { clock, send, messages } = await start();
  for (let n = 0; n < 50; n += 1) send(`m${n}`, { expiresAt: clock.now + (n < 2 ? 1000 : HOUR_MS) });
  expect(() => send('more')).toThrow(
    expect.objectContaining({ code: 'SimulatedHubQuotaExceeded', message: expect.stringContaining('50 wait for it') }),
  );
  clock.now += 1000;
  send('one');
  send('two');
  expect(() => send('three')).toThrow('50 wait for it');
  expect(messages.count('meter')).toBe(50);
});

it('gives a message to a device ten times at most', async () => {
  const { device, send, outcomes, messages } = await start();
  send('m', { ack: 'full' });
  for (let n = 1; n <= 10; n += 1) expect(messages.take(device)?.deliveryCount).toBe(n);
  expect(messages.take(device)).toBeUndefined();
  expect(outcomes()).toEqual([['m', 'DeliveryCountExceeded']]);
});

it.each([
  ['none', []],
  ['positive', [['completed', 'Success']]],
  ['negative', [['purged', 'Purged']]],
  ['full', [['completed', 'Success'], ['purged', 'Purged']]], // prettier-ignore
] as const)('tells of endings as "ack" asks for: %s', async (ack, expected) => {
  const { device, send, outcomes, messages } = await start();
  const { sequenceNumber } = send('completed', { ack });
  messages.end(device, sequenceNumber, 'Success');
  send('purged', { ack });
  expect(messages.purge(device)).toBe(1);
  expect(outcomes()).toEqual(expected);
});

it('takes 64 KB with properties, and a time of two days at most', async () => {
  const { clock, send } = await start();
  send('whole', { body: Buffer.alloc(65_536) });
  expect(() => send('m', { body: Buffer.alloc(65_536), properties: { a: '' } })).toThrow('has 65537 bytes');
  send('m', { expiresAt: clock.now + 48 * HOUR_MS });
  expect(() => send('m', { expiresAt: clock.now + 48 * HOUR_MS + 1 })).toThrow('more than two days ahead');
  expect(() => send('m', { expiresAt: clock.now })).toThrow('is past');
});

it('locks feedback for a minute for whoever reads it', async () => {
  const { clock, device, hub, send, messages } = await start();
  for (const id of ['a', 'b', 'c']) messages.end(device, send(id, { ack: 'full' }).sequenceNumber, 'Success');
  const { feedback } = hub.cloudMessages;
  const idsOf = (locked: ReturnType<typeof feedback.lock>) => locked?.records.map((one) => one.originalMessageId);
  const first = feedback.lock(2);
  expect(idsOf(first)).toEqual(['a', 'b']);
  const second = feedback.lock(2);
  expect(idsOf(second)).toEqual(['c']);
  expect(feedback.lock(2)).toBeUndefined();
  feedback.complete(second?.lockToken ?? '');
  expect(() => feedback.complete(second?.lockToken ?? '')).toThrow('no feedback is locked by');
  feedback.abandon(first?.lockToken ?? '');
  const again = feedback.lock(2);
  expect(idsOf(again)).toEqual(['a', 'b']);
  clock.now += 60_000;
  expect(() => feedback.complete(again?.lockToken ?? '')).toThrow('60 s have passed');
  expect(idsOf(feedback.lock(2))).toEqual(['a', 'b']);
});

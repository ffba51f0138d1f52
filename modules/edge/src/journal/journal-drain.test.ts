import { createLogger } from '@edgewright/telemetry';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../../../../test/support/engine-fixture.ts';
import { RedeliveryMemory } from '../acknowledgement/redelivery-memory.ts';
import { EdgeError } from '../edge-error.ts';
import type { InputMessage } from '../messages/input-message.ts';
import type { MessageHandler } from '../messages/message-handler.ts';
import { JournalDrain } from './journal-drain.ts';
import { MessageJournal } from './message-journal.ts';

it('scores each message once while the disk is full, and empties the journal when there is room', async () => {
  const journal = await MessageJournal.open(await temporaryFolder(), () => {});
  onTestFinished(() => journal[Symbol.dispose]());
  const messages = ['a', 'b', 'c'].map((body) => ({ inputName: 'in', body: Buffer.from(body), properties: [] }));
  journal.add(messages.map((message) => ({ message, key: undefined })));
  const disk = { isFull: true };
  const whenThereIsRoom = (change: () => void): void => {
    if (disk.isFull) throw new EdgeError('JournalUnusable', 'database or disk is full');
    change();
  };
  const scored: string[] = [];
  const handler = {
    handle: async ({ body }: InputMessage) => {
      scored.push(body.toString());
      return 'confirmed';
    },
  } as unknown as MessageHandler;
  const full = {
    get count() {
      return journal.count;
    },
    read: (after: number, limit: number) => journal.read(after, limit),
    start: (entries: Parameters<MessageJournal['start']>[0]) => whenThereIsRoom(() => journal.start(entries)),
    unstart: (entries: Parameters<MessageJournal['unstart']>[0]) => whenThereIsRoom(() => journal.unstart(entries)),
    remove: (entries: Parameters<MessageJournal['remove']>[0]) => whenThereIsRoom(() => journal.remove(entries)),
  };
  const drain = new JournalDrain({
    journal: full,
    handler,
    memory: new RedeliveryMemory(),
    concurrency: () => 2,
    logger: createLogger({ level: 'silent', name: 'test' }),
  });
  drain.open();
  await expect.poll(() => scored).toEqual(['a', 'b', 'c']);
  disk.isFull = false;
  await expect.poll(() => journal.count).toBe(0);
  await drain[Symbol.asyncDispose]();
  expect(scored).toEqual(['a', 'b', 'c']);
});

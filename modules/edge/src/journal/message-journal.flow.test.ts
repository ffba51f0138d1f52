import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { InputMessage } from '../messages/input-message.ts';
import { MessageJournal } from './message-journal.ts';

async function folder(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'edgewright-journal-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

async function openJournal(directory: string): Promise<MessageJournal> {
  const journal = await MessageJournal.open(directory, () => {});
  onTestFinished(() => {
    try {
      journal[Symbol.dispose]();
    } catch {
      // the test closed it
    }
  });
  return journal;
}

function message(body: string): InputMessage {
  return { inputName: 'in', body: Buffer.from(body), properties: [] };
}

describe('MessageJournal', () => {
  it('gives back what it was given, in order, also after it was closed', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 });
    const messages = fc.array(
      fc.record(
        {
          inputName: text,
          body: fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
          messageId: text,
          correlationId: text,
          senderDeviceId: text,
          properties: fc.array(fc.tuple(text, text), { maxLength: 3 }),
        },
        { requiredKeys: ['inputName', 'body', 'properties'] },
      ),
      { maxLength: 10 },
    );
    await fc.assert(
      fc.asyncProperty(messages, async (given) => {
        const directory = await folder();
        const first = await openJournal(directory);
        first.add(given.map((each) => ({ message: each, key: undefined })));
        const { bytes } = first;
        first[Symbol.dispose]();
        const second = await openJournal(directory);
        expect(second.read(0, 100).map((entry) => entry.message)).toEqual(wellFormed(given));
        expect([second.count, second.bytes]).toEqual([given.length, bytes]);
      }),
      { numRuns: 20 },
    );
  });

  it('takes a message once', async () => {
    const journal = await openJournal(await folder());
    const additions = ['a', 'b', 'a'].map((key) => ({ message: message(key), key }));
    expect(journal.add(additions)).toEqual([true, true, false]);
    await journal.flush();
    expect(journal.count).toBe(2);
  });

  it('counts how often work on a message began and never ended', async () => {
    const directory = await folder();
    const first = await openJournal(directory);
    first.add([1, 2].map((n) => ({ message: message(String(n)), key: undefined })));
    const [one, two] = first.read(0, 2);
    first.start([one, two].filter((entry) => entry !== undefined));
    first.unstart([two].filter((entry) => entry !== undefined));
    first[Symbol.dispose]();
    const second = await openJournal(directory);
    expect(second.read(0, 2).map(({ crashes }) => crashes)).toEqual([1, 0]);
  });

  it('is empty, in count and bytes, when everything was removed', async () => {
    const journal = await openJournal(await folder());
    journal.add([{ message: message('x'.repeat(1000)), key: 'k' }]);
    expect(journal.bytes).toBeGreaterThan(1000);
    journal.remove(journal.read(0, 10));
    expect([journal.count, journal.bytes, journal.read(0, 10)]).toEqual([0, 0, []]);
  });

  it('puts a damaged file aside and starts anew', async () => {
    const directory = await folder();
    await writeFile(path.join(directory, 'journal.sqlite'), 'this is no database, whatever its name says'.repeat(100));
    const aside: string[] = [];
    const journal = await MessageJournal.open(directory, (file) => aside.push(file));
    journal.add([{ message: message('1'), key: undefined }]);
    journal[Symbol.dispose]();
    expect(aside).toHaveLength(1);
    expect(await readdir(directory)).toContain(path.basename(aside[0] ?? ''));
  });

  it('says why it cannot be opened', async () => {
    const directory = await folder();
    await writeFile(path.join(directory, 'file'), '');
    await expect(MessageJournal.open(path.join(directory, 'file'), () => {})).rejects.toMatchObject({
      code: 'JournalUnusable',
      message: /cannot open the journal .*file\/journal.sqlite: EEXIST/ as never,
    });
  });
});

function wellFormed(messages: readonly object[]): unknown {
  return messages.map((each) => ({
    ...(JSON.parse(JSON.stringify({ ...each, body: undefined })) as object),
    body: (each as InputMessage).body,
  }));
}

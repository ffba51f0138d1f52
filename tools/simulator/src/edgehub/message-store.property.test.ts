import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { EdgeHubDatabase } from './edge-hub-database.ts';
import { MessageStore } from './message-store.ts';

const endpoints = ['a', 'b'];

type Step =
  | { readonly do: 'append'; readonly endpoint: string; readonly priority: number; readonly expires: boolean }
  | { readonly do: 'take'; readonly endpoint: string; readonly limit: number; readonly keep: number }
  | { readonly do: 'wait' }
  | { readonly do: 'reopen' };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('append' as const), endpoint: fc.constantFrom(...endpoints), priority: fc.constantFrom(0, 1), expires: fc.boolean() }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('take' as const), endpoint: fc.constantFrom(...endpoints), limit: fc.integer({ min: 1, max: 5 }), keep: fc.integer({ min: 0, max: 2 }) }) },
    { weight: 1, arbitrary: fc.constant({ do: 'wait' } as const) },
    { weight: 1, arbitrary: fc.constant({ do: 'reopen' } as const) },
  ),
  { maxLength: 60 },
); // prettier-ignore

/** What is expected to be in a queue: bodies in their order. */
interface Expected {
  readonly body: string;
  readonly endpoint: string;
  readonly priority: number;
  readonly expires: boolean;
}

it('gives the messages of any queue in their order, once each, whatever is in memory and whatever on the disk', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-store-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  let run = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      run += 1;
      await follow(all, path.join(folder, String(run)));
    }),
    { numRuns: 60 },
  );
  expect(run).toBe(60);
});

async function follow(all: readonly Step[], directory: string): Promise<void> {
  let now = 1000;
  let count = 0;
  let expected: Expected[] = [];
  const open = () => {
    const database = EdgeHubDatabase.open(directory);
    return { database, store: new MessageStore({ database, now: () => now, onStored: () => {} }) };
  };
  let hub = open();
  for (const step of all) {
    let [seen, wanted]: [string[], string[]] = [[], []];
    if (step.do === 'append') {
      const { endpoint, priority, expires } = step;
      count += 1;
      const message = { source: '/s', body: Buffer.from(`m${count}`), properties: {}, systemProperties: {} };
      await hub.store.append(message, [{ endpoint, priority, expiresAt: expires ? now + 10 : undefined }]);
      expected.push({ body: `m${count}`, endpoint, priority, expires });
    } else if (step.do === 'take') {
      const batch = hub.store.next(step.endpoint, step.limit);
      const queue = firstQueue(expected, step.endpoint);
      [seen, wanted] = [bodies(batch), queue.slice(0, step.limit).map(({ body }) => body)];
      const taken = batch.slice(step.keep);
      hub.store.remove(taken);
      // a second time must change nothing
      hub.store.remove(taken);
      expected = expected.filter(({ body }) => !bodies(taken).includes(body));
    } else if (step.do === 'wait') {
      now += 100;
      seen = bodies(hub.store.removeExpired(1000)).toSorted((a, b) => a.localeCompare(b));
      wanted = bodies(expected.filter(({ expires }) => expires)).toSorted((a, b) => a.localeCompare(b));
      expected = expected.filter(({ expires }) => !expires);
    } else {
      hub.store[Symbol.dispose]();
      hub.database[Symbol.dispose]();
      hub = open();
    }
    expect(seen).toEqual(wanted);
    const waiting = hub.store.lengths().reduce((sum, { length }) => sum + length, 0);
    expect(waiting).toBe(expected.length);
  }
  hub.store[Symbol.dispose]();
  hub.database[Symbol.dispose]();
}

function firstQueue(expected: readonly Expected[], endpoint: string): readonly Expected[] {
  const own = expected.filter((message) => message.endpoint === endpoint);
  const priority = Math.min(...own.map((message) => message.priority));
  return own.filter((message) => message.priority === priority);
}

function bodies(messages: readonly { readonly body: Uint8Array | string }[]): string[] {
  return messages.map(({ body }) => Buffer.from(body).toString());
}

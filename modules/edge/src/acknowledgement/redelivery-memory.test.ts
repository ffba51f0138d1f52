import { expect, it } from 'vitest';
import type { InputMessage } from '../messages/input-message.ts';
import { RedeliveryMemory } from './redelivery-memory.ts';

const message = (body: Uint8Array, more: Partial<InputMessage> = {}): InputMessage => ({
  inputName: 'in',
  messageId: '1',
  body: Buffer.from(body),
  properties: [],
  ...more,
});

it.each([
  ['small', 16],
  ['large', 5_000],
])('recognises a message with a %s body by id, sender, input and body together', (_, size) => {
  const memory = new RedeliveryMemory();
  const body = Buffer.alloc(size, 0xe9);
  const changed = Buffer.from(body);
  changed[size - 1] = 0xea;
  const key = memory.keyOf(message(body));
  expect(memory.keyOf(message(Buffer.from(body)))).toBe(key);
  const others = [
    message(changed),
    message(body, { messageId: '2' }),
    message(body, { inputName: 'other' }),
    message(body, { senderModuleId: 'other' }),
    // what ends one part must not begin the next
    message(body, { inputName: 'in"', messageId: ',"1' }),
  ].map((other) => memory.keyOf(other));
  expect(new Set([key, ...others]).size).toBe(others.length + 1);
});

it('knows nothing of a message without an id', () => {
  expect(new RedeliveryMemory().keyOf({ inputName: 'in', body: Buffer.from('{}'), properties: [] })).toBeUndefined();
});

it('forgets after five minutes, and the oldest of more than 1,024', () => {
  let now = 0;
  const memory = new RedeliveryMemory(() => now);
  for (let n = 0; n <= 1_024; n += 1) memory.confirm(`${n}`);
  expect([memory.isConfirmed('0'), memory.isConfirmed('1')]).toEqual([false, true]);
  now = 300_000;
  expect(memory.isConfirmed('1')).toBe(false);
});

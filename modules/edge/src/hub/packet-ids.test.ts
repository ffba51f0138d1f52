import { expect, it } from 'vitest';
import { PacketIds } from './packet-ids.ts';

it('hands out the two halves, and begins again where they end', () => {
  const ids = PacketIds.forOutputs();
  const all = Array.from({ length: 0x8000 }, () => ids.allocate());
  expect(all[0]).toBe(0x8000);
  expect(all.at(-1)).toBe(0xffff);
  expect(ids.allocate()).toBeNull();
  ids.deallocate(0x9000);
  expect(ids.allocate()).toBe(0x9000);
  expect(PacketIds.forMqttJs().allocate()).toBe(1);
});

it('leaves out what is in use', () => {
  const ids = PacketIds.forMqttJs();
  expect(ids.register(2)).toBe(true);
  expect(ids.register(2)).toBe(false);
  expect([ids.allocate(), ids.allocate()]).toEqual([1, 3]);
});

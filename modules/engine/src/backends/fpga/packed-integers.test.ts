import { expect, it } from 'vitest';
import { integersFromPacked } from './packed-integers.ts';

/** Varints as the protobuf encoding has them, in plain arithmetic. */
function packed(...values: readonly bigint[]): Uint8Array {
  return Uint8Array.from(
    values.flatMap((value) => {
      const bytes: number[] = [];
      let rest = BigInt.asUintN(64, value);
      do {
        bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
        rest >>= 7n;
      } while (rest > 0n);
      return bytes;
    }),
  );
}

const edges = Array.from({ length: 64 }, (_, i) => [2n ** BigInt(i), 2n ** BigInt(i) - 1n, -(2n ** BigInt(i))]).flat();

it('reads every width exactly, over several occurrences of the field', () => {
  const found = integersFromPacked([packed(...edges), packed(), packed(5n)]);
  expect(Array.from(found)).toEqual([...edges.map((value) => BigInt.asUintN(64, value)), 5n]);
  expect(Array.from(new BigInt64Array(found.buffer)).slice(0, -1)).toEqual(
    edges.map((value) => BigInt.asIntN(64, value)),
  );
});

it.each([
  [Uint8Array.of(0x80), 'breaks off'],
  [Uint8Array.from({ length: 11 }, (_, i) => (i < 10 ? 0x80 : 0)), 'more than 64 bits'],
])('refuses what is none', (bytes, words) => {
  expect(() => integersFromPacked([bytes])).toThrow(words);
});

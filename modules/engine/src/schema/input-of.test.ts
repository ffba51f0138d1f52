import { describe, expectTypeOf, it } from 'vitest';
import type { Tensor } from '../tensor.ts';
import type { Declaration, InputOf } from './declaration.ts';

describe('the type of what run gets', () => {
  it('follows from what the script declares', () => {
    const input = {
      data: { ndarray: [[1, 2]], datatype: 'FP32' },
      people: { records: [{ name: 'Sarah', age: 25 }] },
      when: { standard: new Date(0), optional: true },
      factor: { standard: 1.5 },
      nested: { inner: { object: { flag: { standard: true } } } },
      raw: { standard: 1, convert: false },
    } as const satisfies Declaration;
    type Given = InputOf<typeof input>;
    expectTypeOf<Given['data']>().toEqualTypeOf<Tensor>();
    expectTypeOf<Given['people']>().toEqualTypeOf<{ name: string; age: number }[]>();
    expectTypeOf<Given['when']>().toEqualTypeOf<Date | undefined>();
    expectTypeOf<Given['factor']>().toEqualTypeOf<number>();
    expectTypeOf<Given['nested']['inner']['flag']>().toEqualTypeOf<boolean>();
    expectTypeOf<Given['raw']>().toEqualTypeOf<unknown>();
  });

  it('is right without `as const` as well', () => {
    const input = { data: { ndarray: [[1]] }, tags: { standard: ['a'] } };
    type Given = InputOf<typeof input>;
    expectTypeOf<Given['data']>().toEqualTypeOf<Tensor>();
    expectTypeOf<Given['tags']>().toEqualTypeOf<string[]>();
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunkCreateOptions, joinCreateOptions } from './create-options.ts';

describe('chunkCreateOptions', () => {
  it('writes an object without blanks and in ASCII', () => {
    expect(chunkCreateOptions({ Env: ['A=ü', 'B=𝄞', 'C=\u007f'], HostConfig: {} })).toEqual([
      ['createOptions', '{"Env":["A=\\u00fc","B=\\ud834\\udd1e","C=\\u007f"],"HostConfig":{}}'],
    ]);
  });

  it('leaves a string as it is', () => {
    expect(chunkCreateOptions('{ "Env": [] }')).toEqual([['createOptions', '{ "Env": [] }']]);
    expect(chunkCreateOptions('')).toEqual([['createOptions', '']]);
  });

  it('cuts every 512 characters, with two digits in the names', () => {
    const chunks = chunkCreateOptions('x'.repeat(512 * 10 + 1));
    expect(chunks.map(([name]) => name)).toEqual([
      'createOptions',
      ...['01', '02', '03', '04', '05', '06', '07', '08', '09', '10'].map((number) => `createOptions${number}`),
    ]);
    expect(chunks.map(([, text]) => text.length)).toEqual([...Array.from({ length: 10 }, () => 512), 1]);
  });

  it('does not cut a character in two', () => {
    const [first, second] = chunkCreateOptions(`${'x'.repeat(511)}𝄞y`);
    expect(first?.[1].endsWith('𝄞')).toBe(true);
    expect(second?.[1]).toBe('y');
  });

  it('is undone by joinCreateOptions', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), (text) => {
        expect(joinCreateOptions(Object.fromEntries(chunkCreateOptions(text)))?.text).toBe(text);
      }),
    );
  });
});

describe('joinCreateOptions', () => {
  it('puts pieces together by number, whatever their order and case', () => {
    const settings = { image: 'x', createOptions02: 'c', CREATEOPTIONS01: 'b', createOptions: 'a' };
    expect(joinCreateOptions(settings)).toEqual({
      text: 'abc',
      names: ['createOptions', 'CREATEOPTIONS01', 'createOptions02'],
    });
  });

  it('is undefined when there are none', () => {
    expect(joinCreateOptions({ image: 'x', createOptionsX: '{}' })).toBeUndefined();
  });

  it.each([
    [{ createOptions01: 'b' }, '', 'createOptions01'],
    [{ createOptions: 'a', createOptions02: 'c' }, 'a', 'createOptions02'],
    [{ createOptions: 'a', createOptions1: 'b' }, 'a', 'createOptions1'],
    [Object.fromEntries(chunkCreateOptions('x'.repeat(512 * 101))), 'x'.repeat(512 * 100), 'createOptions100'],
  ])('tells the first piece that edgeAgent does not find in %j', (settings, text, stray) => {
    expect(joinCreateOptions(settings)).toMatchObject({ text, stray });
  });
});

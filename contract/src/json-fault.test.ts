import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findJsonFault } from './json-fault.ts';

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('findJsonFault', () => {
  it.each([
    ['{"a": }', 6, 'a value'],
    ['{"a": 1,}', 8, 'a key in double quotes'],
    ['[1 2]', 3, '"," or "]"'],
    ['{"a" 1}', 5, '":" after the key'],
    ['{"a": 1} x', 9, 'the end of the text'],
    ['', 0, 'a value'],
    ['"a\\x"', 2, 'one of the escapes'],
    ['["a', 3, 'the end of the string'],
    ['[01]', 2, '"," or "]"'],
  ])('says where %j breaks', (text, offset, expected) => {
    const fault = findJsonFault(text);
    expect(fault?.offset).toBe(offset);
    expect(fault?.expected).toContain(expected);
  });

  it('finds a fault exactly where JSON.parse does not take the text', () => {
    const json = fc.json();
    const damaged = fc
      .tuple(
        json,
        fc.nat(),
        fc.constantFrom('', '{', '}', '[', ']', ',', ':', '"', '\\', '0', '-', 'e', 'null', '\n', ' '),
      )
      .map(([text, place, inserted]) => {
        const at = place % (text.length + 1);
        return text.slice(0, at) + inserted + text.slice(at + 1);
      });
    const agrees = (): void =>
      fc.assert(
        fc.property(
          fc.oneof(json, damaged, fc.string()),
          (text) => (findJsonFault(text) === undefined) === isJson(text),
        ),
        { numRuns: 3000 },
      );
    expect(agrees).not.toThrow();
  });
});

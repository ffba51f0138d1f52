import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expandVariables } from './expand-variables.ts';

describe('expandVariables', () => {
  it.each([
    ['"$A ${A}"', '"1 1"'],
    ['"$AB $A-B $A.B"', '"$AB 1-B 1.B"'],
    [
      '"$upstream $edgeHub $schema-template $1 $ ${} ${MODULES.a}"',
      '"$upstream $edgeHub $schema-template $1 $ ${} ${MODULES.a}"',
    ],
    ['{"a": ${J}}', '{"a": {"b": 1}}'],
    ['"${Q}"', '"say \\"hi\\"\\n"'],
    ['"\\" ${Q}"', '"\\" say \\"hi\\"\\n"'],
    ['"${W}"', '"C:\\\\x"'],
    ['"${D}"', '"$A"'],
    ['"${EMPTY}"', '""'],
  ])('%s becomes %s', (text, expected) => {
    const variables = { A: '1', J: '{"b": 1}', Q: 'say "hi"\n', W: 'C:\\\\x', D: '$A', EMPTY: '' };
    expect(expandVariables(text, variables)).toEqual({ text: expected, missing: [] });
  });

  it('names what has no value, in braces only', () => {
    expect(expandVariables('${B} $C ${A} ${B} {$D} ${a.b} ${e f}', {}).missing).toEqual(['${B}', '${A}']);
  });

  it('takes no names from the prototype', () => {
    expect(expandVariables('$constructor ${toString}', {})).toMatchObject({ missing: ['${toString}'] });
  });

  it('keeps a JSON text a JSON text, whatever the value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (value, other) => {
        const { text } = expandVariables(`{${JSON.stringify(other)}: "\${V}"}`, { V: value });
        expect(() => JSON.parse(text) as unknown).not.toThrow();
      }),
    );
  });
});

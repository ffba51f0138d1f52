import { describe, expect, it } from 'vitest';
import { consoleCommands, outputFits } from './console-blocks.ts';

describe('consoleCommands', () => {
  it('takes commands and their output from console blocks only', () => {
    const page = ['```console', '$ a --b', 'one', '$ c', '```', '```sh', '$ not this', '```'].join('\n');
    expect(consoleCommands(page)).toEqual([
      { line: 2, command: 'a --b', expected: ['one'] },
      { line: 4, command: 'c', expected: [] },
    ]);
  });
});

describe('outputFits', () => {
  it.each([
    ['a\nb\n', ['a', 'b'], true],
    ['a\nb\n', ['a'], false],
    ['a 12 ms\n', ['a … ms'], true],
    ['a\nx\ny\nb\n', ['a', '…', 'b'], true],
    ['a\nb\n', ['a', '…', 'b'], true],
    ['a\n', ['a', '…', 'b'], false],
    ['a.b\n', ['a.b'], true],
    ['axb\n', ['a.b'], false],
  ])('holds %j against %j', (output, expected, fits) => {
    expect(outputFits(output, expected)).toBe(fits);
  });
});

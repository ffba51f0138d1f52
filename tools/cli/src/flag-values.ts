import { CliError } from './cli-error.ts';

/** Reads `KEY=VALUE`, or `KEY` alone with an empty value; several occurrences add up. */
export function collectPairs(flag: string) {
  return (text: string, former: Record<string, string> = {}): Record<string, string> => {
    const [, key = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(text) ?? [];
    if (key === '') throw new CliError('UsageInvalid', `${flag} "${text}" has no key: expected KEY=VALUE`);
    return { ...former, [key]: value };
  };
}

/** Reads a whole number between two bounds. */
export function wholeNumber(flag: string, least: number, most: number = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
      throw new CliError('UsageInvalid', `${flag} is "${text}": expected a whole number ${range}`);
    }
    return value;
  };
}

/** A port, 0 meaning any free one. */
export function port(flag: string) {
  return wholeNumber(flag, 0, 65_535);
}

/** Reads one of several words. */
export function oneOf<Word extends string>(flag: string, words: readonly Word[]) {
  return (text: string): Word => {
    const word = words.find((candidate) => candidate.toLowerCase() === text.toLowerCase());
    if (word === undefined)
      throw new CliError('UsageInvalid', `${flag} is "${text}": expected one of ${words.join(', ')}`);
    return word;
  };
}

/** Reads words separated by commas, each one of a list. */
export function listOf<Word extends string>(flag: string, words: readonly Word[]) {
  const read = oneOf(flag, words);
  return (text: string): Word[] => [...new Set(text.split(',').map((part) => read(part.trim())))];
}

/** Collects the occurrences of a flag that may be given several times. */
export function collect(text: string, former: readonly string[] = []): string[] {
  return [...former, text];
}

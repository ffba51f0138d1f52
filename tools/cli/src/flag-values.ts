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

/** Reads a number above 0. */
export function positive(flag: string) {
  return (text: string): number => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
    throw new CliError('UsageInvalid', `${flag} is "${text}": expected a number above 0`);
  };
}

const TIME_UNITS: Readonly<Record<string, number>> = { '': 1000, s: 1000, m: 60_000, h: 3_600_000 };

/** Reads a time such as `90s`, `5m` or `1h`, a number alone being seconds, as milliseconds. */
export function duration(flag: string, leastMs: number) {
  return (text: string): number => {
    const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)([smh]?)$/i.exec(text) ?? [];
    const value = Number(digits) * (TIME_UNITS[unit.toLowerCase()] ?? 0);
    if (digits !== '' && value >= leastMs) return value;
    throw new CliError(
      'UsageInvalid',
      `${flag} is "${text}": expected a time of at least ${leastMs / 1000}s, such as 90s or 5m`,
    );
  };
}

const SIZE_UNITS: Readonly<Record<string, number>> = { '': 1, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** Reads a size as Docker does: `512m` is 512 MiB. */
export function sizeBytes(flag: string, least: number) {
  return (text: string): number => {
    const [, digits = '', unit = ''] = /^(\d+)([bkmg]?)b?$/i.exec(text) ?? [];
    const bytes = Number(digits) * (SIZE_UNITS[unit.toLowerCase()] ?? 1);
    if (digits !== '' && bytes >= least) return bytes;
    throw new CliError(
      'UsageInvalid',
      `${flag} is "${text}": expected a size of at least ${least / 2 ** 20}m, such as 512m or 2g`,
    );
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

import { MINI_BATCH_SIZE_PATTERN } from './batch-config.ts';

/** Azure ML's defaults. */
export const DEFAULT_MINI_BATCH_FILES = 10;
export const DEFAULT_MINI_BATCH_BYTES = 1024 * 1024;

const UNITS: Readonly<Record<string, number>> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/**
 * A size such as `1MB` in bytes; powers of 1024. Azure ML's pattern lets units follow each other (`1kbmb`), of which the first
 * would do: only one is taken here.
 *
 * @returns undefined for what is no size
 */
export function miniBatchBytes(size: number | string): number | undefined {
  const text = String(size);
  if (!new RegExp(MINI_BATCH_SIZE_PATTERN).test(text)) return undefined;
  const [, digits = '', unit] = /^(\d+)(?:([kmg])b)?$/i.exec(text) ?? [];
  const bytes = Number(digits) * (unit === undefined ? 1 : (UNITS[unit.toLowerCase()] ?? 1));
  return digits === '' || bytes < 1 || !Number.isSafeInteger(bytes) ? undefined : bytes;
}

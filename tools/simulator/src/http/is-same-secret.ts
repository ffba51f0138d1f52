import { createHash, timingSafeEqual } from 'node:crypto';

/** Compares what was given with a secret; takes as long for a wrong text as for the right one. */
export function isSameSecret(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

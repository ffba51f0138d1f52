import type { ScorerSettings } from './scorer-settings.ts';

/** edgeHub sends a message when the one before is acknowledged; the journal is worked off by several at a time. */
export function requestsAtOnce({ acknowledgement, journal, limits }: ScorerSettings): number {
  if (acknowledgement === 'after-output') return 1;
  return acknowledgement === 'after-journal' ? journal.concurrency : limits.concurrency;
}

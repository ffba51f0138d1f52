import type { EdgeMessage } from './edge-message.ts';

/** A queue that a message is to be stored in. */
export interface QueueTarget {
  readonly endpoint: string;
  /** 0 goes first. */
  readonly priority: number;
  /** When the message is no longer wanted, in milliseconds since 1970; undefined for never. */
  readonly expiresAt: number | undefined;
}

/** A message as it waits in one queue. */
export interface StoredMessage extends EdgeMessage, QueueTarget {
  /** Grows in the order of storing. */
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly enqueuedAt: number;
  /** As edgeHub reckons it. */
  readonly sizeBytes: number;
}

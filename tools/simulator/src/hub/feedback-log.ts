import { randomUUID } from 'node:crypto';
import type { StateDatabase } from '../state/state-database.ts';
import type { Feedback } from './cloud-message.ts';
import { hubFault } from './hub-fault.ts';

/** How many are kept when nobody reads them. */
const MAX_KEPT = 10_000;
/** IoT Hub's default: what was read and not confirmed for so long can be read again. */
const LOCK_MS = 60_000;

/** Feedback that somebody has read and has yet to confirm. */
export interface LockedFeedback {
  readonly lockToken: string;
  /** The oldest first. */
  readonly records: readonly Feedback[];
}

interface Row {
  readonly sequence_number: number;
  readonly document: string;
}

interface Lock {
  readonly first: number;
  readonly last: number;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** What became of cloud-to-device messages, until somebody takes it. */
export class FeedbackLog {
  readonly #now: () => number;
  readonly #insert;
  readonly #select;
  readonly #delete;
  readonly #locks = new Map<string, Lock>();

  constructor(database: StateDatabase, now: () => number) {
    this.#now = now;
    this.#insert = database.prepare('INSERT INTO feedback (document) VALUES (?)');
    this.#select = database.prepare(
      'SELECT * FROM feedback WHERE sequence_number > ? ORDER BY sequence_number LIMIT ?',
    );
    this.#delete = database.prepare('DELETE FROM feedback WHERE sequence_number BETWEEN ? AND ?');
  }

  append(feedback: Feedback): void {
    const { lastInsertRowid } = this.#insert.run(JSON.stringify(feedback));
    this.#delete.run(0, Number(lastInsertRowid) - MAX_KEPT);
  }

  /** Gives the oldest, at most `limit`, and forgets them. */
  take(limit: number): Feedback[] {
    const rows = this.#rows(0, limit);
    const last = rows.at(-1);
    if (last !== undefined) this.#delete.run(0, last.sequence_number);
    return rows.map(feedbackOf);
  }

  /** Gives the oldest that nobody else has locked, at most `limit`, and locks them; undefined when there are none. */
  lock(limit: number): LockedFeedback | undefined {
    const now = this.#now();
    for (const [token, { until }] of this.#locks) if (until <= now) this.#locks.delete(token);
    const after = Math.max(0, ...[...this.#locks.values()].map(({ last }) => last));
    const rows = this.#rows(after, limit);
    const [first, last] = [rows[0], rows.at(-1)];
    if (first === undefined || last === undefined) return undefined;
    const lockToken = randomUUID();
    this.#locks.set(lockToken, { first: first.sequence_number, last: last.sequence_number, until: now + LOCK_MS });
    return { lockToken, records: rows.map(feedbackOf) };
  }

  /**
   * Forgets what was locked.
   *
   * @throws SimulatorError `SimulatedHubConflict` when the lock has ended
   */
  complete(lockToken: string): void {
    const { first, last } = this.#unlock(lockToken);
    this.#delete.run(first, last);
  }

  /**
   * Lets others read what was locked.
   *
   * @throws SimulatorError `SimulatedHubConflict` when the lock has ended
   */
  abandon(lockToken: string): void {
    this.#unlock(lockToken);
  }

  #unlock(lockToken: string): Lock {
    const lock = this.#locks.get(lockToken);
    this.#locks.delete(lockToken);
    if (lock !== undefined && lock.until > this.#now()) return lock;
    throw hubFault(
      'DeviceMessageLockLost',
      `no feedback is locked by "${lockToken}": it was confirmed or given up before, or ${LOCK_MS / 1000} s have passed`,
      { lockToken },
    );
  }

  #rows(after: number, limit: number): Row[] {
    return this.#select.all(after, limit) as unknown as Row[];
  }
}

function feedbackOf({ document }: Row): Feedback {
  return JSON.parse(document) as Feedback;
}

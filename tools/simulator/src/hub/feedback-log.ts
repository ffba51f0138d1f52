import type { StateDatabase } from '../state/state-database.ts';
import type { Feedback } from './cloud-message.ts';

/** How many are kept when nobody reads them. */
const MAX_KEPT = 10_000;

/** What became of cloud-to-device messages, until somebody takes it. */
export class FeedbackLog {
  readonly #insert;
  readonly #prune;
  readonly #select;
  readonly #delete;

  constructor(database: StateDatabase) {
    this.#insert = database.prepare('INSERT INTO feedback (document) VALUES (?)');
    this.#prune = database.prepare('DELETE FROM feedback WHERE sequence_number <= ?');
    this.#select = database.prepare('SELECT * FROM feedback ORDER BY sequence_number LIMIT ?');
    this.#delete = database.prepare('DELETE FROM feedback WHERE sequence_number <= ?');
  }

  append(feedback: Feedback): void {
    const { lastInsertRowid } = this.#insert.run(JSON.stringify(feedback));
    this.#prune.run(Number(lastInsertRowid) - MAX_KEPT);
  }

  /** Gives the oldest, at most `limit`, and forgets them. */
  take(limit: number): Feedback[] {
    const rows = this.#select.all(limit) as unknown as { sequence_number: number; document: string }[];
    const last = rows.at(-1);
    if (last !== undefined) this.#delete.run(last.sequence_number);
    return rows.map(({ document }) => JSON.parse(document) as Feedback);
  }
}

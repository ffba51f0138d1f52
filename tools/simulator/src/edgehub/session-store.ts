import type { EdgeHubDatabase } from './edge-hub-database.ts';

/** The subscriptions of one client: the granted quality of service by topic filter. */
export type Subscriptions = ReadonlyMap<string, 0 | 1>;

/** The MQTT sessions that outlive their connection (clean session 0): subscriptions only, messages wait in queues. */
export class SessionStore {
  readonly #get;
  readonly #put;
  readonly #remove;

  constructor(database: EdgeHubDatabase) {
    this.#get = database.prepare('SELECT subscriptions FROM sessions WHERE client = ?');
    this.#put = database.prepare('INSERT OR REPLACE INTO sessions (client, subscriptions) VALUES (?, ?)');
    this.#remove = database.prepare('DELETE FROM sessions WHERE client = ?');
  }

  /** What the client subscribed to when it was here last; undefined when it left no session. */
  get(client: string): Subscriptions | undefined {
    const row = this.#get.get(client) as { subscriptions: string } | undefined;
    return row === undefined ? undefined : new Map(JSON.parse(row.subscriptions) as [string, 0 | 1][]);
  }

  put(client: string, subscriptions: Subscriptions): void {
    this.#put.run(client, JSON.stringify([...subscriptions]));
  }

  remove(client: string): void {
    this.#remove.run(client);
  }
}

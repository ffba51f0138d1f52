import type { EdgeHubDatabase } from './edge-hub-database.ts';

/** What is kept of a subscription. */
interface KeptSubscription {
  readonly qos: 0 | 1;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** The MQTT sessions that outlive their connection (clean session 0): subscriptions only, messages wait in queues. */
export class SessionStore {
  readonly #get;
  readonly #put;
  readonly #remove;
  readonly #names;

  /** @param database has the table `sessions` */
  constructor(database: Pick<EdgeHubDatabase, 'prepare'>) {
    this.#get = database.prepare('SELECT subscriptions FROM sessions WHERE client = ?');
    this.#put = database.prepare('INSERT OR REPLACE INTO sessions (client, subscriptions) VALUES (?, ?)');
    this.#remove = database.prepare('DELETE FROM sessions WHERE client = ?');
    this.#names = database.prepare('SELECT client FROM sessions');
  }

  /** What the client subscribed to when it was here last, by topic filter; undefined when it left no session. */
  get(client: string): ReadonlyMap<string, KeptSubscription> | undefined {
    const row = this.#get.get(client) as { subscriptions: string } | undefined;
    return row === undefined ? undefined : new Map(JSON.parse(row.subscriptions) as [string, KeptSubscription][]);
  }

  put(client: string, subscriptions: ReadonlyMap<string, KeptSubscription>): void {
    this.#put.run(client, JSON.stringify([...subscriptions]));
  }

  /** Forgets a client's session. */
  remove(client: string): void {
    this.#remove.run(client);
  }

  /** Forgets the sessions of all clients that are meant, by their names. */
  removeOf(isMeant: (client: string) => boolean): void {
    for (const { client } of this.#names.all() as { client: string }[]) if (isMeant(client)) this.remove(client);
  }
}

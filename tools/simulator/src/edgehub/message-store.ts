import { SimulatorError } from '../simulator-error.ts';
import type { EdgeHubDatabase } from './edge-hub-database.ts';
import { edgeMessageSize } from './edge-message.ts';
import type { EdgeMessage } from './edge-message.ts';
import { QueueHeads } from './queue-heads.ts';
import type { QueueTarget, StoredMessage } from './stored-message.ts';

/** Removals are written at the latest after so long. */
const REMOVAL_DELAY_MS = 20;

export interface QueueLength {
  readonly endpoint: string;
  readonly priority: number;
  readonly length: number;
}

interface Row {
  readonly id: number;
  readonly endpoint: string;
  readonly priority: number;
  readonly enqueued_at: number;
  readonly expires_at: number | null;
  readonly size: number;
  readonly source: string;
  readonly body: Uint8Array;
  readonly properties: string;
  readonly system_properties: string;
}

interface Append {
  readonly message: EdgeMessage;
  readonly targets: readonly QueueTarget[];
  readonly stored: PromiseWithResolvers<void>;
}

export interface MessageStoreOptions {
  readonly database: EdgeHubDatabase;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Told which endpoints have got messages. */
  readonly onStored: (endpoints: ReadonlySet<string>) => void;
}

/**
 * The queues of edgeHub, one for each endpoint and priority, on disk.
 *
 * Messages that are stored within the same turn of the event loop share one transaction. What is removed goes with the next of
 * them, or soon after: a hub that is killed in between delivers it again.
 */
export class MessageStore implements Disposable {
  /** The most bytes that all queues may hold together; Infinity for no limit. */
  maxSizeBytes = Infinity;
  readonly #database: EdgeHubDatabase;
  readonly #now: () => number;
  readonly #onStored: (endpoints: ReadonlySet<string>) => void;
  readonly #insert;
  readonly #next;
  readonly #remove;
  readonly #isThere;
  readonly #expired;
  readonly #heads = new QueueHeads();
  /** Messages that are removed, but still on the disk, by their ids. */
  readonly #removals = new Map<number, StoredMessage>();
  #removing: NodeJS.Timeout | undefined;
  readonly #lengths = new Map<string, Map<number, number>>();
  #sizeBytes = 0;
  /** Grows for as long as the process lives: a message that is gone is never taken for a later one. */
  #lastId: number;
  #pending: Append[] = [];

  constructor({ database, now, onStored }: MessageStoreOptions) {
    this.#database = database;
    this.#now = now;
    this.#onStored = onStored;
    this.#insert = database.prepare(
      `INSERT INTO queue
         (endpoint, priority, id, enqueued_at, expires_at, size, source, body, properties, system_properties)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#next = database.prepare('SELECT * FROM queue WHERE endpoint = ? AND priority = ? ORDER BY id LIMIT ?');
    this.#remove = database.prepare('DELETE FROM queue WHERE endpoint = ? AND priority = ? AND id = ?');
    this.#isThere = database.prepare('SELECT 1 FROM queue WHERE endpoint = ? AND priority = ? AND id = ?');
    this.#expired = database.prepare('SELECT * FROM queue WHERE expires_at <= ? LIMIT ?');
    this.#lastId = this.#count();
  }

  /** What all queues hold together. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** The queues that are not empty. */
  lengths(): QueueLength[] {
    return [...this.#lengths].flatMap(([endpoint, queues]) =>
      [...queues].map(([priority, length]) => ({ endpoint, priority, length })),
    );
  }

  /**
   * Stores a message in all the queues or in none; resolves when a killed process does not lose it.
   *
   * @throws SimulatorError `SimulatorFailed` when the store is full or the disk fails
   */
  append(message: EdgeMessage, targets: readonly QueueTarget[]): Promise<void> {
    const stored = Promise.withResolvers<void>();
    this.#pending.push({ message, targets, stored });
    if (this.#pending.length === 1) setImmediate(() => this.#flush());
    return stored.promise;
  }

  /** The oldest messages of the endpoint's first queue that is not empty; they stay until they are removed. */
  next(endpoint: string, limit: number): StoredMessage[] {
    const queues = this.#lengths.get(endpoint);
    if (queues === undefined) return [];
    const priority = Math.min(...queues.keys());
    return this.#heads.first({ endpoint, priority }, limit, (count) => {
      this.#writeRemovals();
      const rows = this.#next.all(endpoint, priority, count) as unknown as Row[];
      return rows.map((row) => storedMessage(row));
    });
  }

  /** Takes messages out of their queues. */
  remove(messages: readonly StoredMessage[]): void {
    for (const message of messages) {
      // it may have been removed already: its time may pass while it is delivered
      if (this.#removals.has(message.id)) continue;
      const { endpoint, priority, id } = message;
      if (!this.#heads.removed(message) && this.#isThere.get(endpoint, priority, id) === undefined) continue;
      this.#removals.set(id, message);
      this.#account(message, -1, -message.sizeBytes);
    }
    if (this.#removals.size > 0) this.#removing ??= setTimeout(() => this.#writeRemovals(), REMOVAL_DELAY_MS);
  }

  /** Takes at most `limit` messages out whose time has passed, and gives them back. */
  removeExpired(limit: number): StoredMessage[] {
    this.#writeRemovals();
    const rows = this.#expired.all(this.#now(), limit) as unknown as Row[];
    const messages = rows.map((row) => storedMessage(row));
    this.remove(messages);
    return messages;
  }

  [Symbol.dispose](): void {
    this.#writeRemovals();
  }

  /** In a transaction of their own, when none for new messages came soon enough. */
  #writeRemovals(): void {
    if (this.#removals.size > 0) this.#database.transaction(() => this.#deleteRemoved());
    this.#removalsWritten();
  }

  #deleteRemoved(): void {
    for (const { endpoint, priority, id } of this.#removals.values()) this.#remove.run(endpoint, priority, id);
  }

  #removalsWritten(): void {
    this.#removals.clear();
    clearTimeout(this.#removing);
    this.#removing = undefined;
  }

  #flush(): void {
    const appends = this.#pending.splice(0);
    const accepted = appends.filter((append) => this.#hasRoom(append));
    const endpoints = new Set<string>();
    try {
      const stored = this.#database.transaction(() => {
        this.#deleteRemoved();
        return accepted.flatMap(({ message, targets }) => this.#write(message, targets));
      });
      this.#removalsWritten();
      for (const message of stored) {
        const isOnlyOne = this.#account(message, 1, message.sizeBytes) === 1;
        this.#heads.stored(message, isOnlyOne);
        endpoints.add(message.endpoint);
      }
      this.#onStored(endpoints);
      for (const append of accepted) append.stored.resolve();
    } catch (cause) {
      for (const append of accepted) append.stored.reject(cause);
    }
  }

  #hasRoom({ message, targets, stored }: Append): boolean {
    const size = edgeMessageSize(message) * targets.length;
    if (this.#sizeBytes + size <= this.maxSizeBytes) return true;
    stored.reject(
      new SimulatorError(
        'SimulatorFailed',
        `cannot store a message from ${message.source}: the queues hold ${this.#sizeBytes} bytes of at most ${this.maxSizeBytes}, and it has ${size}`,
        { details: { sizeBytes: this.#sizeBytes, maxSizeBytes: this.maxSizeBytes } },
      ),
    );
    return false;
  }

  #write(message: EdgeMessage, targets: readonly QueueTarget[]): StoredMessage[] {
    const sizeBytes = edgeMessageSize(message);
    const properties = JSON.stringify(message.properties);
    const systemProperties = JSON.stringify(message.systemProperties);
    const enqueuedAt = this.#now();
    return targets.map((target) => {
      this.#lastId += 1;
      const id = this.#lastId;
      const { endpoint, priority, expiresAt } = target;
      const place = [endpoint, priority, id, enqueuedAt, expiresAt ?? null, sizeBytes] as const;
      this.#insert.run(...place, message.source, message.body, properties, systemProperties);
      return { ...message, ...target, id, enqueuedAt, sizeBytes };
    });
  }

  /** @returns the length of the queue */
  #account(
    { endpoint, priority }: Pick<QueueTarget, 'endpoint' | 'priority'>,
    count: number,
    sizeBytes: number,
  ): number {
    this.#sizeBytes += sizeBytes;
    const queues = this.#lengths.get(endpoint) ?? new Map<number, number>();
    const length = (queues.get(priority) ?? 0) + count;
    if (length > 0) queues.set(priority, length);
    else queues.delete(priority);
    if (queues.size > 0) this.#lengths.set(endpoint, queues);
    else this.#lengths.delete(endpoint);
    return length;
  }

  /** Reads how long the queues are; gives the highest id in them. */
  #count(): number {
    const rows = this.#database
      .prepare(
        'SELECT endpoint, priority, COUNT(*) AS length, SUM(size) AS size, MAX(id) AS last FROM queue GROUP BY endpoint, priority',
      )
      .all() as unknown as { endpoint: string; priority: number; length: number; size: number; last: number }[];
    for (const row of rows) this.#account(row, row.length, row.size);
    return Math.max(0, ...rows.map(({ last }) => last));
  }
}

function storedMessage(row: Row): StoredMessage {
  return {
    id: row.id,
    endpoint: row.endpoint,
    priority: row.priority,
    enqueuedAt: row.enqueued_at,
    expiresAt: row.expires_at ?? undefined,
    sizeBytes: row.size,
    source: row.source,
    body: Buffer.from(row.body.buffer, row.body.byteOffset, row.body.byteLength),
    properties: JSON.parse(row.properties) as Record<string, string | null>,
    systemProperties: JSON.parse(row.system_properties) as Record<string, string | null>,
  };
}

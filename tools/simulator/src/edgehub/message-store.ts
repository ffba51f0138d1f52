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
 * Messages that are stored within the same turn of the event loop share one transaction and one wait for the disk. What is
 * removed goes with the next of them, or soon after: a hub that is killed in between delivers it again.
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
  /** Ids of messages that are removed, but still on the disk. */
  readonly #removals = new Set<number>();
  #removing: NodeJS.Timeout | undefined;
  readonly #lengths = new Map<string, Map<number, number>>();
  #sizeBytes = 0;
  #pending: Append[] = [];

  constructor({ database, now, onStored }: MessageStoreOptions) {
    this.#database = database;
    this.#now = now;
    this.#onStored = onStored;
    this.#insert = database.prepare(
      `INSERT INTO queue (endpoint, priority, enqueued_at, expires_at, size, source, body, properties, system_properties)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#next = database.prepare('SELECT * FROM queue WHERE endpoint = ? AND priority = ? ORDER BY id LIMIT ?');
    this.#remove = database.prepare('DELETE FROM queue WHERE id = ?');
    this.#isThere = database.prepare('SELECT 1 FROM queue WHERE id = ?');
    this.#expired = database.prepare('SELECT * FROM queue WHERE expires_at <= ? LIMIT ?');
    this.#count();
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
   * Stores a message in all the queues or in none; resolves when it is on the disk.
   *
   * @throws SimulatorError `SimulatorFailed` when the store is full or the disk fails
   */
  append(message: EdgeMessage, targets: readonly QueueTarget[]): Promise<void> {
    const stored = Promise.withResolvers<void>();
    this.#pending.push({ message, targets, stored });
    if (this.#pending.length === 1) setImmediate(() => void this.#flush());
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
      if (!this.#heads.removed(message) && this.#isThere.get(message.id) === undefined) continue;
      this.#removals.add(message.id);
      this.#account(message, -1, -edgeMessageSize(message));
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
    for (const id of this.#removals) this.#remove.run(id);
  }

  #removalsWritten(): void {
    this.#removals.clear();
    clearTimeout(this.#removing);
    this.#removing = undefined;
  }

  async #flush(): Promise<void> {
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
        const isOnlyOne = this.#account(message, 1, edgeMessageSize(message)) === 1;
        this.#heads.stored(message, isOnlyOne);
        endpoints.add(message.endpoint);
      }
      this.#onStored(endpoints);
      await this.#database.durable();
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
    const size = edgeMessageSize(message);
    const properties = JSON.stringify(message.properties);
    const systemProperties = JSON.stringify(message.systemProperties);
    const enqueuedAt = this.#now();
    return targets.map((target) => {
      const place = [target.endpoint, target.priority, enqueuedAt, target.expiresAt ?? null, size] as const;
      const { lastInsertRowid } = this.#insert.run(
        ...place,
        message.source,
        message.body,
        properties,
        systemProperties,
      );
      return { ...message, ...target, id: Number(lastInsertRowid), enqueuedAt };
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

  #count(): void {
    const rows = this.#database
      .prepare(
        'SELECT endpoint, priority, COUNT(*) AS length, SUM(size) AS size FROM queue GROUP BY endpoint, priority',
      )
      .all() as unknown as { endpoint: string; priority: number; length: number; size: number }[];
    for (const row of rows) this.#account(row, row.length, row.size);
  }
}

function storedMessage(row: Row): StoredMessage {
  return {
    id: row.id,
    endpoint: row.endpoint,
    priority: row.priority,
    enqueuedAt: row.enqueued_at,
    expiresAt: row.expires_at ?? undefined,
    source: row.source,
    body: Buffer.from(row.body.buffer, row.body.byteOffset, row.body.byteLength),
    properties: JSON.parse(row.properties) as Record<string, string | null>,
    systemProperties: JSON.parse(row.system_properties) as Record<string, string | null>,
  };
}

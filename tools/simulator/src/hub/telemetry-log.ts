import type { StateDatabase } from '../state/state-database.ts';
import { bodyMatches } from './body-filter.ts';
import type { TelemetryFilter, TelemetryMessage, TelemetryRecord } from './telemetry-record.ts';

/** IoT Hub's built-in endpoint keeps messages for one day unless told otherwise. */
const RETENTION_MS = 24 * 60 * 60 * 1000;
const PRUNE_EVERY = 5000;
/** How many rows a reader takes at a time: it bounds a reader's memory, however far behind it is. */
const READ_BATCH = 256;

interface Row {
  readonly sequence_number: number;
  readonly device_id: string;
  readonly module_id: string;
  readonly enqueued_time: string;
  readonly body: Uint8Array;
  readonly properties: string;
  readonly system_properties: string;
}

/** The messages that reached the hub, in order, on disk; readers follow it at their own pace. */
export class TelemetryLog {
  readonly #database: StateDatabase;
  readonly #now: () => number;
  readonly #insert;
  readonly #select;
  readonly #prune;
  readonly #wakers = new Set<() => void>();
  #last: number;

  constructor(database: StateDatabase, now: () => number) {
    this.#database = database;
    this.#now = now;
    this.#insert = database.prepare(
      `INSERT INTO telemetry (device_id, module_id, enqueued_time, body, properties, system_properties)
       VALUES (?, ?, ?, ?, ?, ?)`,
    );
    this.#select = database.prepare(
      'SELECT * FROM telemetry WHERE sequence_number > ? ORDER BY sequence_number LIMIT ?',
    );
    this.#prune = database.prepare('DELETE FROM telemetry WHERE enqueued_time < ?');
    const row = database.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'telemetry'").get();
    this.#last = (row as { seq: number } | undefined)?.seq ?? 0;
    this.#pruneOld();
  }

  /** The newest message's number, 0 when there never was one. */
  get lastSequenceNumber(): number {
    return this.#last;
  }

  /** Keeps a message; when this returns, it is safe. */
  append(message: TelemetryMessage): TelemetryRecord {
    const enqueuedTime = new Date(this.#now()).toISOString();
    const { lastInsertRowid } = this.#insert.run(
      message.deviceId,
      message.moduleId ?? '',
      enqueuedTime,
      message.body,
      JSON.stringify(message.properties),
      JSON.stringify(message.systemProperties),
    );
    this.#last = Number(lastInsertRowid);
    if (this.#last % PRUNE_EVERY === 0) this.#pruneOld();
    this.#database.afterCommit(() => this.#wake());
    return { ...message, sequenceNumber: this.#last, enqueuedTime };
  }

  /**
   * Reads messages that pass the filter, and goes on with new ones until the signal ends it, which it does without an
   * error. Where it starts is settled by this call, not by the first message that is asked for.
   */
  read(filter: TelemetryFilter, signal: AbortSignal): AsyncIterable<TelemetryRecord> {
    return this.#follow(filter, filter.afterSequenceNumber ?? this.#last, signal);
  }

  async *#follow(filter: TelemetryFilter, start: number, signal: AbortSignal): AsyncGenerator<TelemetryRecord> {
    let position = start;
    while (!signal.aborted) {
      // as it is now: more may arrive while the reader works on what it is given
      const last = this.#last;
      const rows = this.#select.all(position, READ_BATCH) as unknown as Row[];
      for (const row of rows) {
        position = row.sequence_number;
        const record = recordOf(row);
        if (signal.aborted) return;
        if (passes(record, filter)) yield record;
      }
      // fewer than asked for: the end is reached, also when what was wanted has been pruned meanwhile
      if (rows.length < READ_BATCH) position = Math.max(position, last);
      if (position >= this.#last) await this.#arrival(signal);
    }
  }

  #arrival(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = () => {
      this.#wakers.delete(wake);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    this.#wakers.add(wake);
    signal.addEventListener('abort', wake, { once: true });
    if (signal.aborted) wake();
    return promise;
  }

  #wake(): void {
    for (const wake of this.#wakers) wake();
  }

  #pruneOld(): void {
    this.#prune.run(new Date(this.#now() - RETENTION_MS).toISOString());
  }
}

function recordOf(row: Row): TelemetryRecord {
  return {
    sequenceNumber: row.sequence_number,
    deviceId: row.device_id,
    ...(row.module_id !== '' && { moduleId: row.module_id }),
    enqueuedTime: row.enqueued_time,
    body: Buffer.from(row.body.buffer, row.body.byteOffset, row.body.byteLength),
    properties: JSON.parse(row.properties) as Record<string, string>,
    systemProperties: JSON.parse(row.system_properties) as Record<string, string>,
  };
}

function passes(record: TelemetryRecord, filter: TelemetryFilter): boolean {
  if (filter.deviceId !== undefined && filter.deviceId !== record.deviceId) return false;
  if (filter.moduleId !== undefined && filter.moduleId !== record.moduleId) return false;
  if (filter.outputName !== undefined && filter.outputName !== record.systemProperties['outputName']) return false;
  for (const [name, value] of Object.entries(filter.properties ?? {})) {
    if (record.properties[name] !== value) return false;
  }
  return filter.body === undefined || bodyMatches(record.body, filter.body);
}

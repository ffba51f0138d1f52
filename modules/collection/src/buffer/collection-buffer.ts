import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import type { CollectedRow, CollectionFormat, SamplingReason } from '@edgewright/contract';
import type { RequestRows } from '../rows/rows-of.ts';
import { isDamaged, isLocked, putAside, unusable } from './buffer-failures.ts';
import { BUFFER_SCHEMA, BUFFER_VERSION } from './buffer-schema.ts';

/** A request that is kept, as it is written into the buffer. */
export interface BufferedRequest {
  readonly at: number;
  readonly model: string;
  readonly version: string;
  readonly sampledBy: SamplingReason;
  /** {@link RequestRows} as JSON. */
  readonly text: string;
}

/** Requests of one model and day, oldest first, that go into one batch. */
export interface BufferedGroup {
  readonly model: string;
  readonly version: string;
  /** `2026-11-30`, UTC. */
  readonly day: string;
  readonly ids: readonly number[];
  readonly rows: { readonly inputs: readonly CollectedRow[]; readonly predictions: readonly CollectedRow[] };
}

/** What is to be written to one file, exactly once. */
export interface BatchPart {
  readonly id: number;
  readonly path: string;
  readonly format: CollectionFormat;
  /** Stands at the beginning of a new file; empty but for CSV. */
  readonly head: Uint8Array;
  readonly body: Uint8Array;
  /** Where the file ended when writing was about to begin. */
  readonly position: number;
}

/** What a row takes beside its text, roughly. */
const ROW_BYTES = 128;
const REMOVE = 'DELETE FROM request WHERE id = ?';

interface RequestRow {
  readonly id: number;
  readonly model: string;
  readonly version: string;
  readonly day: string;
  readonly bytes: number;
  readonly rows: string;
}

/**
 * What was collected and is not at its destination yet, in an SQLite database that one process has for itself. A write survives the end
 * of the process; what a loss of power may take is what was written last.
 */
export class CollectionBuffer implements Disposable {
  readonly #database: DatabaseSync;
  /** Prepared once: parsing takes longer than most of the work. */
  readonly #statements = new Map<string, StatementSync>();
  #bytes: number;

  /**
   * Opens a buffer. One that is damaged is put aside under another name.
   *
   * @returns undefined when another process has it
   * @throws CollectionError `CollectionBufferUnusable`
   */
  static open(file: string, onPutAside: (file: string, error: unknown) => void): CollectionBuffer | undefined {
    try {
      mkdirSync(path.dirname(file), { recursive: true });
      try {
        return new CollectionBuffer(file);
      } catch (error) {
        if (isLocked(error)) return undefined;
        if (!isDamaged(error)) throw error;
        onPutAside(putAside(file), error);
        return new CollectionBuffer(file);
      }
    } catch (cause) {
      throw unusable(`open the buffer ${file}`, cause);
    }
  }

  private constructor(file: string) {
    this.#database = new DatabaseSync(file, { timeout: 0 });
    try {
      this.#database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
      const { user_version: version } = this.#database.prepare('PRAGMA user_version').get() as { user_version: number };
      // a write takes the lock for good
      this.#database.exec(version === 0 ? `BEGIN EXCLUSIVE; ${BUFFER_SCHEMA} COMMIT` : 'BEGIN EXCLUSIVE; COMMIT');
      if (version > BUFFER_VERSION) throw new RangeError(`it was written by a newer edgewright: version ${version}`);
      this.#bytes = this.#sum();
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** Bytes that wait, roughly. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Requests that wait, those of a batch under way left out. */
  get count(): number {
    return (this.#prepared('SELECT count(*) AS n FROM request').get() as { n: number }).n;
  }

  /** The requests of a batch under way. */
  get underWay(): number {
    return (this.#prepared('SELECT coalesce(sum(requests), 0) AS n FROM batch').get() as { n: number }).n;
  }

  /** Milliseconds since 1970 of the oldest request that may leave; undefined when there is none. */
  get oldestAt(): number | undefined {
    const row = this.#prepared('SELECT at FROM request WHERE held IS NULL ORDER BY id LIMIT 1').get();
    return (row as { at: number } | undefined)?.at;
  }

  /** Runs several changes as one. */
  transaction<Value>(work: () => Value): Value {
    const before = this.#bytes;
    try {
      this.#database.exec('BEGIN');
      const value = work();
      this.#database.exec('COMMIT');
      return value;
    } catch (cause) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      this.#bytes = before;
      throw unusable('write the buffer', cause);
    }
  }

  /** @param held until when a reservoir has it: it does not leave before */
  add({ at, model, version, text }: BufferedRequest, held?: number): void {
    const bytes = Buffer.byteLength(text) + ROW_BYTES;
    const day = new Date(at).toISOString().slice(0, 10);
    this.#prepared('INSERT INTO request (at, model, version, day, bytes, rows, held) VALUES (?, ?, ?, ?, ?, ?, ?)').run(
      at,
      model,
      version,
      day,
      bytes,
      text,
      held ?? null,
    );
    this.#bytes += bytes;
  }

  /** When the window of the reservoir ends, milliseconds since 1970, and how many requests it saw. */
  get reservoir(): { readonly endsAt: number; readonly seen: number } {
    const row = this.#prepared('SELECT ends_at AS endsAt, seen FROM reservoir').get();
    return (row as { endsAt: number; seen: number } | undefined) ?? { endsAt: 0, seen: 0 };
  }

  set reservoir({ endsAt, seen }) {
    this.#prepared('DELETE FROM reservoir').run();
    this.#prepared('INSERT INTO reservoir (ends_at, seen) VALUES (?, ?)').run(endsAt, seen);
  }

  /** Takes one of those that a reservoir holds out again; `place` counts them from the oldest. */
  removeHeld(place: number): void {
    const found = this.#prepared(
      'SELECT id, bytes FROM request WHERE held IS NOT NULL ORDER BY id LIMIT 1 OFFSET ?',
    ).get(place);
    if (found !== undefined) this.#removeRequest(found as unknown as { id: number; bytes: number });
  }

  /** Lets those that a reservoir holds leave. @returns how many they are */
  releaseHeld(): number {
    return Number(this.#prepared('UPDATE request SET held = NULL WHERE held IS NOT NULL').run().changes);
  }

  /** Drops the oldest requests until so many bytes are left. @returns how many were dropped */
  shrink(maxBytes: number): number {
    let dropped = 0;
    while (this.#bytes > maxBytes) {
      const oldest = this.#prepared('SELECT id, bytes FROM request ORDER BY id LIMIT 64').all() as unknown as {
        id: number;
        bytes: number;
      }[];
      if (oldest.length === 0) break;
      for (const request of oldest) {
        if (this.#bytes <= maxBytes) break;
        this.#removeRequest(request);
        dropped += 1;
      }
    }
    return dropped;
  }

  /** Drops requests from before a time. @returns how many were dropped */
  expire(before: number): number {
    const { changes } = this.#prepared('DELETE FROM request WHERE at < ?').run(before);
    if (changes > 0) this.#bytes = this.#sum();
    return Number(changes);
  }

  /** The oldest requests that may leave, as far as they are of one model and day and not too large together. */
  nextGroup({
    maxRequests,
    maxBytes,
  }: {
    readonly maxRequests: number;
    readonly maxBytes: number;
  }): BufferedGroup | undefined {
    const first = this.#prepared('SELECT * FROM request WHERE held IS NULL ORDER BY id LIMIT 1').get();
    if (first === undefined) return undefined;
    const { model, version, day } = first as unknown as RequestRow;
    const found = this.#prepared(
      'SELECT * FROM request WHERE held IS NULL AND model = ? AND version = ? AND day = ? ORDER BY id LIMIT ?',
    ).iterate(model, version, day, maxRequests) as Iterable<unknown>;
    const ids: number[] = [];
    const rows = { inputs: [] as CollectedRow[], predictions: [] as CollectedRow[] };
    let bytes = 0;
    for (const row of found as Iterable<RequestRow>) {
      bytes += row.bytes;
      if (ids.length > 0 && bytes > maxBytes) break;
      const { inputs = [], predictions = [] } = JSON.parse(row.rows) as RequestRows;
      ids.push(row.id);
      for (const input of inputs) rows.inputs.push(input);
      for (const prediction of predictions) rows.predictions.push(prediction);
    }
    return { model, version, day, ids, rows };
  }

  /**
   * Makes a batch of requests: from now on it is its parts that are kept. There is one batch at a time.
   *
   * @returns false when some of the requests were dropped meanwhile: nothing was changed then
   */
  beginBatch({ ids }: BufferedGroup, parts: readonly Omit<BatchPart, 'id'>[]): boolean {
    const isThere = this.#prepared('SELECT 1 FROM request WHERE id = ?');
    if (!ids.every((id) => isThere.get(id) !== undefined)) return false;
    this.transaction(() => {
      this.#prepared('INSERT INTO batch (requests) VALUES (?)').run(ids.length);
      const add = this.#prepared('INSERT INTO part (path, format, head, body, position) VALUES (?, ?, ?, ?, ?)');
      for (const { path: file, format, head, body, position } of parts) add.run(file, format, head, body, position);
      for (const id of ids) this.#prepared(REMOVE).run(id);
      this.#bytes = this.#sum();
    });
    return true;
  }

  /** The parts of the batch under way that are not written yet. */
  get parts(): BatchPart[] {
    return this.#prepared('SELECT * FROM part ORDER BY id').all() as unknown as BatchPart[];
  }

  /** Notes where a part is going to be written. */
  movePart({ id }: BatchPart, file: string, position: number): void {
    this.transaction(() =>
      this.#prepared('UPDATE part SET path = ?, position = ? WHERE id = ?').run(file, position, id),
    );
  }

  /** Notes that a part is written. @returns how many requests are through with it: those of the batch with its last part */
  finishPart({ id }: BatchPart): number {
    return this.transaction(() => {
      this.#prepared('DELETE FROM part WHERE id = ?').run(id);
      this.#bytes = this.#sum();
      if (this.parts.length > 0) return 0;
      const requests = this.underWay;
      this.#database.exec('DELETE FROM batch');
      return requests;
    });
  }

  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, (statement = this.#database.prepare(sql)));
    return statement;
  }

  #removeRequest({ id, bytes }: { readonly id: number; readonly bytes: number }): void {
    this.#prepared(REMOVE).run(id);
    this.#bytes -= bytes;
  }

  #sum(): number {
    const { n } = this.#prepared(
      'SELECT (SELECT coalesce(sum(bytes), 0) FROM request) + (SELECT coalesce(sum(length(body) + length(head)), 0) FROM part) AS n',
    ).get() as { n: number };
    return n;
  }
}

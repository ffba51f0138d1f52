import type { IdentityName } from '../hub/identity.ts';
import type { StateDatabase } from './state-database.ts';

/**
 * JSON documents by device and module: the form in which identities and twins are kept.
 *
 * Listings are in the order of device id, then module id, by code unit, and can go on after any name.
 */
export class DocumentTable<Document extends IdentityName> {
  readonly #get;
  readonly #put;
  readonly #remove;
  readonly #devices;
  readonly #modules;
  readonly #modulesOf;
  readonly #count;
  readonly #countWhere;

  constructor(database: StateDatabase, table: 'identities' | 'twins') {
    this.#get = database.prepare(`SELECT document FROM ${table} WHERE device_id = ? AND module_id = ?`);
    this.#put = database.prepare(`INSERT OR REPLACE INTO ${table} (device_id, module_id, document) VALUES (?, ?, ?)`);
    this.#remove = database.prepare(`DELETE FROM ${table} WHERE device_id = ? AND module_id = ?`);
    this.#devices = database.prepare(
      `SELECT document FROM ${table} WHERE module_id = '' AND device_id > ? ORDER BY device_id LIMIT ?`,
    );
    this.#modules = database.prepare(
      `SELECT document FROM ${table} WHERE module_id <> '' AND (device_id, module_id) > (?, ?)
       ORDER BY device_id, module_id LIMIT ?`,
    );
    this.#modulesOf = database.prepare(
      `SELECT document FROM ${table} WHERE device_id = ? AND module_id <> '' ORDER BY module_id`,
    );
    this.#count = database.prepare(`SELECT COUNT(*) AS count FROM ${table} WHERE module_id = ''`);
    this.#countWhere = database.prepare(
      `SELECT COUNT(*) AS count FROM ${table} WHERE module_id = '' AND json_extract(document, ?) = ?`,
    );
  }

  get(deviceId: string, moduleId?: string): Document | undefined {
    const row = this.#get.get(deviceId, moduleId ?? '');
    return row === undefined ? undefined : this.#parse(row);
  }

  put(document: Document): void {
    this.#put.run(document.deviceId, document.moduleId ?? '', JSON.stringify(document));
  }

  /** True when there was one. */
  remove(deviceId: string, moduleId?: string): boolean {
    return this.#remove.run(deviceId, moduleId ?? '').changes > 0;
  }

  /** At most `limit` devices after the one named. */
  devices(limit: number, after = ''): Document[] {
    return this.#devices.all(after, limit).map((row) => this.#parse(row));
  }

  /** At most `limit` modules of all devices after the one named. */
  modules(limit: number, after: IdentityName = { deviceId: '' }): Document[] {
    return this.#modules.all(after.deviceId, after.moduleId ?? '', limit).map((row) => this.#parse(row));
  }

  modulesOf(deviceId: string): Document[] {
    return this.#modulesOf.all(deviceId).map((row) => this.#parse(row));
  }

  /** How many devices there are, or how many have a text at a JSON path. */
  deviceCount(path?: string, text?: string): number {
    const row = path === undefined ? this.#count.get() : this.#countWhere.get(path, text ?? null);
    return (row as { count: number }).count;
  }

  #parse(row: object): Document {
    return JSON.parse((row as { document: string }).document) as Document;
  }
}

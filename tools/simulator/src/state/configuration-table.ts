import type { StateDatabase } from './state-database.ts';

/** Deployments by their ids, as JSON documents. */
export class ConfigurationTable<Document extends { readonly id: string }> {
  readonly #get;
  readonly #all;
  readonly #put;
  readonly #remove;

  constructor(database: StateDatabase) {
    this.#get = database.prepare('SELECT document FROM configurations WHERE id = ?');
    this.#all = database.prepare('SELECT document FROM configurations ORDER BY id');
    this.#put = database.prepare('INSERT OR REPLACE INTO configurations (id, document) VALUES (?, ?)');
    this.#remove = database.prepare('DELETE FROM configurations WHERE id = ?');
  }

  get(id: string): Document | undefined {
    const row = this.#get.get(id);
    return row === undefined ? undefined : this.#parse(row);
  }

  all(): Document[] {
    return this.#all.all().map((row) => this.#parse(row));
  }

  put(document: Document): void {
    this.#put.run(document.id, JSON.stringify(document));
  }

  remove(id: string): void {
    this.#remove.run(id);
  }

  #parse(row: object): Document {
    return JSON.parse((row as { document: string }).document) as Document;
  }
}

import type { StateDatabase } from './state-database.ts';

/** Small facts of a simulator that must outlive it, such as its keys: text by name. */
export class SettingsTable {
  readonly #get;
  readonly #put;

  constructor(database: StateDatabase) {
    this.#get = database.prepare('SELECT value FROM settings WHERE name = ?');
    this.#put = database.prepare('INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)');
  }

  get(name: string): string | undefined {
    return (this.#get.get(name) as { value: string } | undefined)?.value;
  }

  set(name: string, value: string): void {
    this.#put.run(name, value);
  }

  /** The value that is there, or the one that `make` gives, which is then kept. */
  getOrMake(name: string, make: () => string): string {
    const found = this.get(name);
    if (found !== undefined) return found;
    const made = make();
    this.set(name, made);
    return made;
  }
}

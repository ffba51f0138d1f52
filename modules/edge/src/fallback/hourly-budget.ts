import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

const MINUTE_MS = 60_000;
const MINUTES_OF_AN_HOUR = 60;
const FILE = 'fallback-budget.json';

/** Who is told when the file cannot be read or written: counting goes on in memory. */
export type OnBudgetTrouble = (file: string, error: unknown) => void;

/**
 * So many requests in any hour, whichever process made them: counts by the minute are on the disk before a request leaves. A minute
 * counts until it is over for an hour.
 */
export class HourlyBudget {
  readonly #file: string;
  readonly #onTrouble: OnBudgetTrouble;
  readonly #now: () => number;
  /** Requests by the minute since 1970, oldest first. */
  #spent: Map<number, number>;
  #writing: Promise<void> = Promise.resolve();

  /** @param now milliseconds since 1970 */
  static async open(
    directory: string,
    onTrouble: OnBudgetTrouble,
    now: () => number = () => Date.now(),
  ): Promise<HourlyBudget> {
    const file = path.join(directory, FILE);
    const spent = await readSpent(file).catch((error: unknown) => {
      if ((error as { code?: string }).code !== 'ENOENT') onTrouble(file, error);
      return new Map<number, number>();
    });
    return new HourlyBudget({ file, onTrouble, now }, spent);
  }

  private constructor(
    parts: { readonly file: string; readonly onTrouble: OnBudgetTrouble; readonly now: () => number },
    spent: Map<number, number>,
  ) {
    this.#file = parts.file;
    this.#onTrouble = parts.onTrouble;
    this.#now = parts.now;
    this.#spent = spent;
  }

  /** How many are left. */
  left(perHour: number): number {
    this.#forget();
    const spent = [...this.#spent.values()].reduce((sum, count) => sum + count, 0);
    return Math.max(0, perHour - spent);
  }

  /** Counts a request at once; resolves when it is in the file. Never rejects. */
  async spend(): Promise<void> {
    const minute = this.#minute();
    this.#spent.set(minute, (this.#spent.get(minute) ?? 0) + 1);
    this.#forget();
    this.#writing = this.#writing.then(() => this.#write());
    await this.#writing;
  }

  #minute(): number {
    return Math.floor(this.#now() / MINUTE_MS);
  }

  #forget(): void {
    const now = this.#minute();
    const kept = new Map<number, number>();
    for (const [minute, count] of this.#spent) {
      if (minute + MINUTES_OF_AN_HOUR < now) continue;
      // a clock that was set back must not keep the cloud away for as long as it was ahead
      const at = Math.min(minute, now);
      kept.set(at, (kept.get(at) ?? 0) + count);
    }
    this.#spent = kept;
  }

  async #write(): Promise<void> {
    try {
      await writeFile(`${this.#file}.new`, JSON.stringify([...this.#spent]));
      await rename(`${this.#file}.new`, this.#file);
    } catch (error) {
      this.#onTrouble(this.#file, error);
    }
  }
}

async function readSpent(file: string): Promise<Map<number, number>> {
  const value: unknown = JSON.parse(await readFile(file, 'utf8'));
  const isCount = (entry: unknown): entry is [number, number] =>
    Array.isArray(entry) && entry.length === 2 && entry.every((each) => Number.isSafeInteger(each) && each >= 0);
  if (!Array.isArray(value) || !value.every(isCount)) throw new TypeError('it holds no counts by the minute');
  return new Map(value);
}

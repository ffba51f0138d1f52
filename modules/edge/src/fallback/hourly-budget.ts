const HOUR_MS = 3_600_000;

/** So many requests in any hour. */
export class HourlyBudget {
  readonly #now: () => number;
  #spent: number[] = [];

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** How many are left. */
  left(perHour: number): number {
    const since = this.#now() - HOUR_MS;
    const first = this.#spent.findIndex((at) => at > since);
    this.#spent = first < 0 ? [] : this.#spent.slice(first);
    return Math.max(0, perHour - this.#spent.length);
  }

  spend(): void {
    this.#spent.push(this.#now());
  }
}

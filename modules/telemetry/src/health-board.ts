/** What is wrong with a program now, by part; nothing when it is healthy. */
export class HealthBoard {
  readonly #problems = new Map<string, string>();

  /** @param problem undefined when the part is well */
  set(part: string, problem: string | undefined): void {
    if (problem === undefined) this.#problems.delete(part);
    else this.#problems.set(part, problem);
  }

  get problems(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#problems);
  }

  get isHealthy(): boolean {
    return this.#problems.size === 0;
  }
}

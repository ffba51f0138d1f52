/** Where the demo shows its progress: a line per stage with its time. */
export class DemoScreen {
  readonly #stream: { write(text: string): unknown };
  #stages = 0;

  constructor(stream: { write(text: string): unknown }) {
    this.#stream = stream;
  }

  say(text: string): void {
    this.#stream.write(`${text}\n`);
  }

  /** Runs one stage and shows its number, its name, what came of it and how long it took. */
  async stage<Result>(
    name: string,
    action: () => Promise<Result>,
    outcome: (result: Result) => string,
  ): Promise<Result> {
    this.#stages += 1;
    const startedAt = performance.now();
    const result = await action();
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    this.say(
      `${String(this.#stages).padStart(2)}  ${name.padEnd(9)} ${`${seconds} s`.padStart(7)}   ${outcome(result)}`,
    );
    return result;
  }
}

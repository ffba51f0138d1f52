/** What waits at the most: a turn that records more does some of it at once. */
const MOST = 1_024;

/**
 * Work that nobody waits for, such as counting, done two turns of the event loop later: by then the output whose making was
 * counted is on its way to the network. (One turn later would be before a model runs, whose runtime begins in the next turn.)
 */
export class Later {
  #waiting: (() => void)[] = [];

  /** @param work must not throw */
  add(work: () => void): void {
    if (this.#waiting.push(work) >= MOST) this.flush();
    else if (this.#waiting.length === 1) setImmediate(() => setImmediate(() => this.flush()));
  }

  /** Does now what waits. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const work of waiting) work();
  }
}

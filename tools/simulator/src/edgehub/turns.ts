/** Lets actions happen one after the other, in the order in which they came; one that nothing is before begins at once. */
export class Turns {
  #count = 0;
  #last: Promise<unknown> = Promise.resolve();

  take<Result>(action: () => Promise<Result>): Promise<Result> {
    const turn = this.#count === 0 ? action() : this.#last.then(action);
    this.#count += 1;
    const leave = () => {
      this.#count -= 1;
    };
    this.#last = turn.then(leave, leave);
    return turn;
  }
}

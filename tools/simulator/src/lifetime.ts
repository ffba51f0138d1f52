/** What has been started and must be ended: once, in reverse order, whoever asks for it first. */
export class Lifetime implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly #ended = Promise.withResolvers<void>();
  #isEnding = false;

  constructor() {
    // a failure is told to whoever ends it; nobody has to wait for `ended`
    this.#ended.promise.catch(() => {});
  }

  /** Settles when everything has ended. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Takes over something that is to be ended with the rest, before what came earlier. */
  use<Part extends Disposable | AsyncDisposable>(part: Part): Part {
    return this.#stack.use(part);
  }

  /** Something to do at the end, before what came earlier is ended. */
  defer(action: () => void): void {
    this.#stack.defer(action);
  }

  async end(): Promise<void> {
    if (!this.#isEnding) {
      this.#isEnding = true;
      this.#stack.disposeAsync().then(this.#ended.resolve, this.#ended.reject);
    }
    await this.#ended.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}

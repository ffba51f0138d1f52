import type { OutgoingMessage } from '../sending/outgoing-message.ts';

/** How many messages of one sender may wait before the recording is read on. */
const MAX_WAITING = 64;

/** The messages of one sender, handed from whoever reads the recording to whoever sends. */
export class ReplayLane implements AsyncIterable<OutgoingMessage> {
  readonly #waiting: OutgoingMessage[] = [];
  #changed = Promise.withResolvers<void>();
  #isClosed = false;

  /** Resolves when there is room for more. */
  async put(message: OutgoingMessage): Promise<void> {
    this.#waiting.push(message);
    this.#change();
    while (this.#waiting.length >= MAX_WAITING && !this.#isClosed) await this.#changed.promise;
  }

  /** No more comes. */
  close(): void {
    this.#isClosed = true;
    this.#change();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<OutgoingMessage> {
    for (;;) {
      const message = this.#waiting.shift();
      if (message !== undefined) {
        this.#change();
        yield message;
      } else if (this.#isClosed) return;
      else await this.#changed.promise;
    }
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

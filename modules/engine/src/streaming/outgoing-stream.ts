// What a script streams goes out in pieces, of which so many may be under way as the other side has asked for.

/** Pieces under way at once; with the size of one, the bound of what a stream holds in memory: 512 KiB. */
export const STREAM_WINDOW = 8;
const PIECE_BYTES = 65_536;

/** What the reader's side hears of a stream. `end` or `broken` comes once, last. */
export interface StreamReceiver {
  chunk(bytes: Uint8Array): void;
  end(): void;
  broken(error: unknown): void;
}

/** Reads what a script makes, no faster than it is taken. */
export class OutgoingStream {
  readonly #iterator: AsyncIterator<unknown>;
  readonly #receiver: StreamReceiver;
  #credits = STREAM_WINDOW;
  #wake: (() => void) | undefined;
  #cancelled = false;

  constructor(body: AsyncIterable<unknown>, receiver: StreamReceiver) {
    this.#iterator = body[Symbol.asyncIterator]();
    this.#receiver = receiver;
  }

  /** Reads to the end. Never rejects: the receiver hears of failures. */
  async pump(): Promise<void> {
    try {
      while (!this.#cancelled) {
        const { done, value } = await this.#iterator.next();
        if (done === true) break;
        const bytes = bytesOf(value);
        for (let at = 0; at < bytes.length && !this.#cancelled; at += PIECE_BYTES) {
          await this.#credit();
          // a copy of its own can be handed over between threads
          if (!this.#cancelled) this.#receiver.chunk(bytes.slice(at, at + PIECE_BYTES));
        }
      }
      this.#receiver.end();
    } catch (error) {
      if (this.#cancelled) this.#receiver.end();
      else this.#receiver.broken(error);
    }
  }

  /** One more piece may come. */
  more(): void {
    this.#credits += 1;
    this.#wake?.();
  }

  /** Nobody reads any more: a generator runs its `finally`. */
  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#wake?.();
    // a generator that waits for something ends after that
    this.#iterator.return?.()?.catch(() => {});
  }

  async #credit(): Promise<void> {
    while (this.#credits === 0 && !this.#cancelled) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#credits -= 1;
  }
}

function bytesOf(value: unknown): Uint8Array {
  if (typeof value === 'string') return new TextEncoder().encode(value);
  // a Buffer's slice would be a view
  if (value instanceof Uint8Array) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  throw new TypeError(`the stream that run() returned gave ${value === null ? 'null' : `a ${typeof value}`}; it must give text or bytes`); // prettier-ignore
}

import { EngineError } from '../engine-error.ts';
import type { ByteStream } from '../scoring/job.ts';
import type { StreamReceiver } from './outgoing-stream.ts';

/** The side of the script, as the reader's side reaches it. */
export interface StreamSource {
  /** One more piece may come. */
  more(): void;
  /** Nobody reads any more. */
  cancel(): void;
  /** The script does not come to an end: ends it by force. */
  end(): void;
}

export interface IncomingStreamOptions {
  readonly source: StreamSource;
  /** Milliseconds in which a piece must come, and be taken. */
  readonly idleMs: number;
  readonly requestId: string;
}

// a script that was told that nobody reads may tidy up
const CANCEL_MS = 1000;

interface Taker {
  readonly resolve: (result: IteratorResult<Uint8Array>) => void;
  readonly reject: (error: unknown) => void;
}

/** The reader's side of what a script streams. Memory is bounded by the pieces that were asked for. */
export class IncomingStream implements ByteStream, StreamReceiver {
  readonly finished: Promise<void>;
  readonly #options: IncomingStreamOptions;
  readonly #pieces: Uint8Array[] = [];
  #taker: Taker | undefined;
  #error: unknown;
  #ended = false;
  #cancelled = false;
  #timer: NodeJS.Timeout | undefined;
  #finish: () => void = () => {};

  constructor(options: IncomingStreamOptions) {
    this.#options = options;
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
    this.#watch();
  }

  chunk(bytes: Uint8Array): void {
    if (this.#ended || this.#cancelled) return;
    this.#watch();
    const taker = this.#taker;
    if (taker === undefined) {
      this.#pieces.push(bytes);
      return;
    }
    this.#taker = undefined;
    this.#options.source.more();
    taker.resolve({ done: false, value: bytes });
  }

  end(): void {
    this.#close();
    this.#taker?.resolve({ done: true, value: undefined });
    this.#taker = undefined;
  }

  broken(error: unknown): void {
    if (this.#ended) return;
    this.#error = error;
    this.#close();
    if (this.#taker === undefined) return;
    this.#taker.reject(error);
    // told once
    this.#error = undefined;
    this.#taker = undefined;
  }

  cancel(): void {
    if (this.#ended || this.#cancelled) return;
    this.#cancelled = true;
    this.#pieces.length = 0;
    this.#options.source.cancel();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#options.source.end();
      this.#close();
    }, CANCEL_MS);
    this.#taker?.resolve({ done: true, value: undefined });
    this.#taker = undefined;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return {
      next: () => this.#next(),
      return: () => {
        this.cancel();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  #next(): Promise<IteratorResult<Uint8Array>> {
    const piece = this.#pieces.shift();
    if (piece !== undefined) {
      if (!this.#ended) {
        this.#watch();
        this.#options.source.more();
      }
      return Promise.resolve({ done: false, value: piece });
    }
    if (this.#error !== undefined) {
      const error = this.#error;
      this.#error = undefined;
      return Promise.reject(error);
    }
    if (this.#ended || this.#cancelled) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#taker = { resolve, reject };
    });
  }

  #close(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#finish();
  }

  /** From now on, something must happen in time. */
  #watch(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#overdue(), this.#options.idleMs);
  }

  #overdue(): void {
    const { idleMs, requestId, source } = this.#options;
    if (this.#taker === undefined) {
      this.cancel();
      return;
    }
    // the reader hears the reason first: that the worker is gone then only follows from it
    this.broken(
      new EngineError(
        'ScoringTimeout',
        `the answer was not streamed to its end: the script gave nothing more for ${idleMs} ms`,
        {
          details: { requestId, timeoutMs: idleMs, phase: 'streaming' },
        },
      ),
    );
    source.end();
  }
}

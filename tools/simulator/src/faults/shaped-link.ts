import type { Link } from './fault-plan.ts';

interface Passing {
  /** By `performance.now()`. */
  readonly dueAt: number;
  readonly bytes: number;
  readonly arrive: () => void;
}

/** One direction of a slow link: what goes in comes out later, in its order, no faster than the link allows. */
export class ShapedLink {
  readonly #link: () => Link | undefined;
  #queue: Passing[] = [];
  #timer: NodeJS.Timeout | undefined;
  #freeAt = 0;
  #queuedBytes = 0;

  /** @param link how slow it is now; undefined: not at all */
  constructor(link: () => Link | undefined) {
    this.#link = link;
  }

  /** Bytes that are under way. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Runs `arrive` when so many bytes have come through: at once on a link that is not slow. */
  pass(bytes: number, arrive: () => void): void {
    const link = this.#link();
    if (link === undefined && this.#queue.length === 0) {
      arrive();
      return;
    }
    const now = performance.now();
    const { delayMs = 0, bytesPerSecond = Infinity } = link ?? {};
    this.#freeAt = Math.max(this.#freeAt, now) + (bytes / bytesPerSecond) * 1000;
    // what came first arrives first, also when the link has become faster meanwhile
    const dueAt = Math.max(this.#freeAt + delayMs, this.#queue.at(-1)?.dueAt ?? 0);
    this.#queue.push({ dueAt, bytes, arrive });
    this.#queuedBytes += bytes;
    this.#timer ??= setTimeout(() => this.#arrive(), Math.ceil(dueAt - now));
  }

  /** What is under way is lost. */
  cut(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  #arrive(): void {
    this.#timer = undefined;
    while (this.#queue[0] !== undefined && this.#queue[0].dueAt <= performance.now()) {
      const { bytes, arrive } = this.#queue[0];
      this.#queue.shift();
      this.#queuedBytes -= bytes;
      arrive();
    }
    const next = this.#queue[0];
    if (next === undefined) return;
    this.#timer ??= setTimeout(() => this.#arrive(), Math.max(0, Math.ceil(next.dueAt - performance.now())));
  }
}

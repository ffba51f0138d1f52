import type { OutgoingMessage } from './outgoing-message.ts';

/** A message and its place in the sequence, from 0. */
export interface OutboxEntry {
  readonly index: number;
  readonly message: OutgoingMessage;
}

/** What is to be sent: messages are taken from the source one by one, and stay until they are confirmed. */
export class Outbox {
  readonly #source: AsyncIterator<OutgoingMessage> | Iterator<OutgoingMessage>;
  readonly #unconfirmed = new Map<number, OutboxEntry>();
  #waiting: OutboxEntry[] = [];
  #pulling: Promise<void> | undefined;
  #next = 0;
  #ended = false;

  constructor(messages: Iterable<OutgoingMessage> | AsyncIterable<OutgoingMessage>) {
    this.#source = Symbol.asyncIterator in messages ? messages[Symbol.asyncIterator]() : messages[Symbol.iterator]();
  }

  /** True when every message is confirmed and there will be no more. */
  get isDone(): boolean {
    return this.#ended && this.#unconfirmed.size === 0;
  }

  get hasUnconfirmed(): boolean {
    return this.#unconfirmed.size > 0;
  }

  /** Settles when `shift` has a message or the source has ended. May be given up and called again. */
  async fill(): Promise<void> {
    if (this.#waiting.length > 0 || this.#ended) return;
    this.#pulling ??= this.#pull();
    await this.#pulling;
  }

  /** The next message to send. It counts as unconfirmed from now on. */
  shift(): OutboxEntry | undefined {
    const entry = this.#waiting.shift();
    if (entry !== undefined) this.#unconfirmed.set(entry.index, entry);
    return entry;
  }

  /** True when the message was not confirmed before. */
  confirm(entry: OutboxEntry): boolean {
    return this.#unconfirmed.delete(entry.index);
  }

  /** Puts what is unconfirmed back in front, in its order, and says how many there were. */
  restore(): number {
    const entries = [...this.#unconfirmed.values()].toSorted((a, b) => a.index - b.index);
    this.#unconfirmed.clear();
    this.#waiting = [...entries, ...this.#waiting];
    return entries.length;
  }

  /** Tells the source that no more is wanted. */
  async close(): Promise<void> {
    if (!this.#ended) await this.#source.return?.();
  }

  async #pull(): Promise<void> {
    try {
      const { done, value } = await this.#source.next();
      if (done === true) this.#ended = true;
      else this.#waiting.push({ index: this.#next++, message: value });
    } finally {
      this.#pulling = undefined;
    }
  }
}

import type { StoredMessage } from './stored-message.ts';

/** How many messages are read from the disk at a time. */
const READ_MESSAGES = 256;
/** The most that is kept of one queue. */
const MAX_MESSAGES = 4096;
const MAX_BYTES = 4 * 1024 * 1024;

interface Head {
  readonly messages: StoredMessage[];
  bytes: number;
  /** True when the queue has no other messages than these. */
  isWhole: boolean;
}

/**
 * The beginnings of queues, in memory: a message that is taken soon after it was stored need not be read from the disk. What
 * is on the disk stays what counts.
 */
export class QueueHeads {
  readonly #heads = new Map<string, Head>();

  /** A message was stored at the end of its queue. */
  stored(message: StoredMessage, isOnlyOne: boolean): void {
    const key = keyOf(message);
    const head = isOnlyOne ? { messages: [], bytes: 0, isWhole: true } : this.#heads.get(key);
    if (head?.isWhole !== true) return;
    this.#heads.set(key, head);
    const bytes = head.bytes + message.sizeBytes;
    if (head.messages.length >= MAX_MESSAGES || bytes > MAX_BYTES) {
      head.isWhole = false;
      return;
    }
    head.messages.push(message);
    head.bytes = bytes;
  }

  /**
   * The first messages of a queue that is not empty.
   *
   * @param load reads the first so many from the disk
   */
  first(
    queue: Pick<StoredMessage, 'endpoint' | 'priority'>,
    limit: number,
    load: (limit: number) => StoredMessage[],
  ): StoredMessage[] {
    const known = this.#heads.get(keyOf(queue));
    if (known !== undefined && known.messages.length > 0) return known.messages.slice(0, limit);
    const read = load(READ_MESSAGES);
    const head: Head = { messages: [], bytes: 0, isWhole: false };
    for (const message of read) {
      // one that is larger than the bound must be there all the same
      if (head.messages.length > 0 && head.bytes + message.sizeBytes > MAX_BYTES) break;
      head.messages.push(message);
      head.bytes += message.sizeBytes;
    }
    head.isWhole = head.messages.length === read.length && read.length < READ_MESSAGES;
    this.#heads.set(keyOf(queue), head);
    return head.messages.slice(0, limit);
  }

  /** @returns false when the message was not among them */
  removed(message: StoredMessage): boolean {
    const head = this.#heads.get(keyOf(message));
    const at = head?.messages.findIndex(({ id }) => id === message.id) ?? -1;
    if (head === undefined || at < 0) return false;
    head.messages.splice(at, 1);
    head.bytes -= message.sizeBytes;
    if (head.messages.length === 0) this.#heads.delete(keyOf(message));
    return true;
  }
}

function keyOf({ endpoint, priority }: Pick<StoredMessage, 'endpoint' | 'priority'>): string {
  return `${priority} ${endpoint}`;
}

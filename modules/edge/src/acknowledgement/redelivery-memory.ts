import type { InputMessage } from '../messages/input-message.ts';
import { redeliveryKey } from '../messages/redelivery-key.ts';

const CAPACITY = 1_024;
const LIFETIME_MS = 300_000;
/** Bodies up to this size stand in a key as they are, which takes less time than their digest. */
const MAX_PLAIN_BYTES = 1_024;

/**
 * Remembers messages whose output edgeHub has, because the acknowledgement of the last of them may be lost with the
 * connection: when they come again they need no second output.
 *
 * Only a message with an id can be recognised, and only by its id, its sender and its body together: senders that count from 1
 * after each start must not lose messages.
 */
export class RedeliveryMemory {
  readonly #confirmed = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** What a message is recognised by in this memory; undefined when it has no id. */
  keyOf(message: InputMessage): string | undefined {
    const { messageId, senderDeviceId = '', senderModuleId = '', inputName, body } = message;
    if (messageId === undefined || body.length > MAX_PLAIN_BYTES) return redeliveryKey(message);
    return `${JSON.stringify([senderDeviceId, senderModuleId, inputName, messageId])}${body.toString('latin1')}`;
  }

  isConfirmed(key: string): boolean {
    const since = this.#confirmed.get(key);
    return since !== undefined && this.#now() - since < LIFETIME_MS;
  }

  confirm(key: string): void {
    this.#confirmed.delete(key);
    this.#confirmed.set(key, this.#now());
    if (this.#confirmed.size <= CAPACITY) return;
    const [oldest] = this.#confirmed.keys();
    if (oldest !== undefined) this.#confirmed.delete(oldest);
  }
}

import type { Delivery } from '../hub/hub-session.ts';
import type { EdgeCounters } from '../messages/edge-counters.ts';
import type { MessageHandler } from '../messages/message-handler.ts';
import type { Acknowledgement } from './acknowledgement.ts';
import type { RedeliveryMemory } from './redelivery-memory.ts';

/**
 * Acknowledges a message when edgeHub has confirmed its output. A crash at any moment loses nothing: edgeHub delivers again
 * what it has no acknowledgement of. An output may then be sent twice, with the same message id.
 */
export class AfterOutput implements Acknowledgement {
  readonly policy = 'after-output';
  readonly #handler: MessageHandler;
  readonly #counters: EdgeCounters;
  readonly #memory: RedeliveryMemory;
  /** Deliveries of the messages that are being worked on, oldest first; edgeHub sends again after 30 s. */
  readonly #underWay = new Map<string, Delivery[]>();

  constructor(handler: MessageHandler, memory: RedeliveryMemory, counters: EdgeCounters) {
    this.#handler = handler;
    this.#memory = memory;
    this.#counters = counters;
  }

  async take(delivery: Delivery): Promise<void> {
    const { message } = delivery;
    const key = this.#memory.keyOf(message);
    if (key === undefined) {
      if ((await this.#handler.handle(message)) === 'confirmed') delivery.acknowledge();
      else delivery.release();
      return;
    }
    const earlier = this.#underWay.get(key);
    if (earlier !== undefined || this.#memory.isConfirmed(key)) {
      this.#counters.duplicate(message.inputName);
      if (earlier === undefined) delivery.acknowledge();
      else earlier.push(delivery);
      return;
    }
    await this.#takeFirst(delivery, key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
  }

  async #takeFirst(delivery: Delivery, key: string): Promise<void> {
    const deliveries = [delivery];
    this.#underWay.set(key, deliveries);
    let tried = 0;
    let isConfirmed = false;
    // let go; but when it came again meanwhile, on a new connection, nobody else would take it
    while (tried < deliveries.length && !isConfirmed) {
      tried = deliveries.length;
      const handled = await this.#handler.handle(delivery.message);
      isConfirmed = handled === 'confirmed' || this.#memory.isConfirmed(key);
    }
    this.#underWay.delete(key);
    for (const each of deliveries) {
      if (isConfirmed) each.acknowledge();
      else each.release();
    }
    // last, as edgeHub waits for the acknowledgement
    if (isConfirmed) this.#memory.confirm(key);
  }
}

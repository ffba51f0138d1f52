import type { Delivery } from '../hub/hub-session.ts';
import type { MessageHandler } from '../messages/message-handler.ts';
import type { Acknowledgement } from './acknowledgement.ts';

/**
 * Acknowledges a message when it comes, as modules on the stock SDK do: messages that are being worked on when the process
 * ends, or when the connection is lost, are lost. For streams where the next value makes up for it.
 */
export class OnReceive implements Acknowledgement {
  readonly policy = 'on-receive';
  readonly #handler: MessageHandler;

  constructor(handler: MessageHandler) {
    this.#handler = handler;
  }

  async take(delivery: Delivery): Promise<void> {
    delivery.acknowledge();
    await this.#handler.handle(delivery.message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
  }
}

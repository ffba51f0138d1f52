import type { AcknowledgementPolicy } from '@edgewright/contract';
import type { EdgeCounters } from '../messages/edge-counters.ts';
import type { MessageHandler } from '../messages/message-handler.ts';
import type { Acknowledgement } from './acknowledgement.ts';
import { AfterOutput } from './after-output.ts';
import { OnReceive } from './on-receive.ts';

export interface AcknowledgementSwitchOptions {
  readonly handler: MessageHandler;
  readonly counters: EdgeCounters;
}

/** Holds the policy in force. Messages that were taken under another one are finished under it. */
export class AcknowledgementSwitch implements AsyncDisposable {
  readonly #byPolicy: Readonly<Record<AcknowledgementPolicy, Acknowledgement>>;
  #current: Acknowledgement;

  constructor({ handler, counters }: AcknowledgementSwitchOptions) {
    this.#byPolicy = {
      'after-output': new AfterOutput(handler, counters),
      'on-receive': new OnReceive(handler),
    };
    this.#current = this.#byPolicy['after-output'];
  }

  get current(): Acknowledgement {
    return this.#current;
  }

  select(policy: AcknowledgementPolicy): void {
    this.#current = this.#byPolicy[policy];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const acknowledgement of Object.values(this.#byPolicy)) await acknowledgement[Symbol.asyncDispose]();
  }
}

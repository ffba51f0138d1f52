import { messageOf } from '@edgewright/contract';
import type { JournalDurability } from '@edgewright/contract';
import type { Logger } from '@edgewright/telemetry';
import type { Delivery } from '../hub/hub-session.ts';
import type { MessageJournal } from '../journal/message-journal.ts';
import type { EdgeCounters } from '../messages/edge-counters.ts';
import { redeliveryKey } from '../messages/redelivery-key.ts';
import type { Acknowledgement } from './acknowledgement.ts';
import type { RedeliveryMemory } from './redelivery-memory.ts';

/** Bounds of the journal, and what it survives. */
export interface JournalLimits {
  readonly durability: JournalDurability;
  readonly maxMessages: number;
  readonly maxBytes: number;
}

export interface AfterJournalOptions {
  readonly journal: MessageJournal;
  readonly limits: () => JournalLimits;
  /** Scores what is in the journal. */
  readonly drain: { wake(): void; readonly progress: Promise<void> };
  /** Knows what was scored a moment ago. */
  readonly memory: RedeliveryMemory;
  /** Takes messages when the journal cannot be written. */
  readonly fallback: Acknowledgement;
  readonly counters: EdgeCounters;
  readonly logger: Logger;
}

interface Waiting {
  readonly delivery: Delivery;
  readonly settled: PromiseWithResolvers<void>;
}

/**
 * Acknowledges a message when it is in the journal on the disk, and scores it later: edgeHub sends the next one at once, and
 * many are scored together. When the journal is full messages wait, and so does edgeHub; when it cannot be written they are
 * acknowledged after their output.
 */
export class AfterJournal implements Acknowledgement {
  readonly policy = 'after-journal';
  readonly #options: AfterJournalOptions;
  #waiting: Waiting[] = [];
  #isWriting = false;

  constructor(options: AfterJournalOptions) {
    this.#options = options;
  }

  async take(delivery: Delivery): Promise<void> {
    const { memory, counters } = this.#options;
    const key = memory.keyOf(delivery.message);
    if (key !== undefined && memory.isConfirmed(key)) {
      counters.duplicate(delivery.message.inputName);
      delivery.acknowledge();
      return;
    }
    const settled = Promise.withResolvers<void>();
    this.#waiting.push({ delivery, settled });
    if (!this.#isWriting) void this.#write();
    await settled.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
  }

  /** Writes what has gathered, in one transaction, until nothing waits. */
  async #write(): Promise<void> {
    this.#isWriting = true;
    // what comes with the same packet of the network goes into the same transaction
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      await this.#room();
      // what lost its connection while it waited comes again; written now, it could not be recognised without an id
      const [live, gone] = split(this.#waiting, ({ delivery }) => delivery.isLive());
      this.#waiting = [];
      for (const { settled } of gone) settled.resolve();
      if (live.length > 0) await this.#add(live);
    }
    this.#isWriting = false;
  }

  async #add(batch: readonly Waiting[]): Promise<void> {
    const { journal, limits, drain, fallback, counters, logger } = this.#options;
    try {
      const additions = batch.map(({ delivery: { message } }) => ({ message, key: redeliveryKey(message) }));
      const isNew = journal.add(additions);
      // scoring goes on while the disk is waited for
      drain.wake();
      if (limits().durability === 'power-loss') await journal.flush();
      batch.forEach(({ delivery, settled }, index) => {
        if (isNew[index] === false) counters.duplicate(delivery.message.inputName);
        delivery.acknowledge();
        settled.resolve();
      });
    } catch (error) {
      logger.error(
        { reason: messageOf(error) },
        'the journal cannot be written; acknowledging after the output instead',
      );
      for (const { delivery, settled } of batch) void fallback.take(delivery).finally(settled.resolve);
      await Promise.all(batch.map(({ settled }) => settled.promise));
    }
  }

  async #room(): Promise<void> {
    const { journal, limits, drain } = this.#options;
    while (journal.count >= limits().maxMessages || journal.bytes >= limits().maxBytes) await drain.progress;
  }
}

function split<Value>(values: readonly Value[], isFirst: (value: Value) => boolean): [Value[], Value[]] {
  return [values.filter(isFirst), values.filter((value) => !isFirst(value))];
}

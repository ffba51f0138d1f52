import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@edgewright/contract';
import type { Logger } from '@edgewright/telemetry';
import type { RedeliveryMemory } from '../acknowledgement/redelivery-memory.ts';
import { EdgeError } from '../edge-error.ts';
import type { MessageHandler } from '../messages/message-handler.ts';
import type { JournalEntry, MessageJournal } from './message-journal.ts';

/** A message on which work began so often, and never ended before the process did, is taken for the reason. */
const MAX_CRASHES = 5;
/** One that was at work in this many crashes is worked on alone, so that it cannot drag others along. */
const SUSPECT_CRASHES = 2;
/** How long to wait when messages had to be let go: there is no connection, or edgeHub confirms nothing. */
const PAUSE_MS = 250;

export interface JournalDrainOptions {
  readonly journal: Pick<MessageJournal, 'count' | 'read' | 'start' | 'unstart' | 'remove'>;
  readonly handler: MessageHandler;
  readonly memory: RedeliveryMemory;
  /** Messages to score at the same time. */
  readonly concurrency: () => number;
  readonly logger: Logger;
}

/**
 * Takes messages out of the journal: so many at a time, oldest first, and removed when edgeHub has confirmed their outputs. Opened
 * when outputs can be sent, held when they cannot. Where the disk is full, messages are scored, and removed when there is room.
 */
export class JournalDrain implements AsyncDisposable {
  readonly #options: JournalDrainOptions;
  /** Those whose outputs edgeHub has, and that could not be removed for now: they must not be scored again. */
  readonly #unremoved = new Set<number>();
  #isWritable = true;
  #state: 'holding' | 'open' | 'closed' = 'holding';
  #wake = Promise.withResolvers<void>();
  #progress = Promise.withResolvers<void>();
  #isRunning = false;
  #ended: Promise<void> = Promise.resolve();

  constructor(options: JournalDrainOptions) {
    this.#options = options;
  }

  /** Resolves when messages have left the journal. */
  get progress(): Promise<void> {
    return this.#progress.promise;
  }

  /** Outputs can be sent from now on. */
  open(): void {
    if (this.#state === 'closed') return;
    this.#state = 'open';
    this.wake();
  }

  hold(): void {
    if (this.#state === 'open') this.#state = 'holding';
  }

  /** There is something in the journal. */
  wake(): void {
    this.#wake.resolve();
    if (this.#state !== 'open' || this.#isRunning) return;
    this.#isRunning = true;
    this.#ended = this.#run().finally(() => {
      this.#isRunning = false;
    });
  }

  /** Takes no more out, and waits for what is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#state = 'closed';
    this.#wake.resolve();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { journal, logger } = this.#options;
    while (this.#state === 'open') {
      this.#wake = Promise.withResolvers();
      if (journal.count === 0) {
        await this.#wake.promise;
        continue;
      }
      try {
        const isDone = await this.#pass();
        if (!isDone) await sleep(PAUSE_MS, undefined, { ref: false });
      } catch (error) {
        logger.error({ reason: messageOf(error) }, 'the journal cannot be worked off for now');
        await sleep(PAUSE_MS * 4, undefined, { ref: false });
      }
    }
  }

  /** Works through the journal once. False when a message had to be let go, or to be kept. */
  async #pass(): Promise<boolean> {
    const { journal, concurrency } = this.#options;
    let last = 0;
    for (;;) {
      const found = this.#state === 'open' ? journal.read(last, concurrency()) : [];
      if (found.length === 0) return this.#unremoved.size === 0;
      const isSuspect = ({ crashes }: JournalEntry): boolean => crashes >= SUSPECT_CRASHES;
      const first = found.findIndex(isSuspect);
      const batch = first === 0 ? found.slice(0, 1) : found.slice(0, first < 0 ? found.length : first);
      last = batch.at(-1)?.id ?? last;
      if (!(await this.#work(batch))) return false;
    }
  }

  async #work(batch: readonly JournalEntry[]): Promise<boolean> {
    const { journal, memory } = this.#options;
    const open = batch.filter(({ id }) => !this.#unremoved.has(id));
    const isNoted = this.#write(() => journal.start(open));
    const outcomes = await Promise.all(open.map((entry) => this.#handle(entry)));
    for (const { id, message } of open.filter((_, index) => outcomes[index] === 'confirmed')) {
      this.#unremoved.add(id);
      const key = memory.keyOf(message);
      if (key !== undefined) memory.confirm(key);
    }
    const done = batch.filter(({ id }) => this.#unremoved.has(id));
    if (done.length > 0 && this.#write(() => journal.remove(done)))
      for (const { id } of done) this.#unremoved.delete(id);
    const released = open.filter((_, index) => outcomes[index] !== 'confirmed');
    // it was let go, not crashed with
    if (released.length > 0 && isNoted) this.#write(() => journal.unstart(released));
    this.#progress.resolve();
    this.#progress = Promise.withResolvers();
    return released.length === 0;
  }

  /** A journal that cannot be written, on a full disk, can be read all the same: what is in it is scored. */
  #write(change: () => void): boolean {
    const { logger } = this.#options;
    try {
      change();
      if (!this.#isWritable) logger.info('the journal can be written again');
      this.#isWritable = true;
    } catch (error) {
      if (this.#isWritable)
        logger.error({ reason: messageOf(error) }, 'the journal cannot be written; scoring goes on');
      this.#isWritable = false;
    }
    return this.#isWritable;
  }

  #handle({ message, crashes }: JournalEntry): Promise<'confirmed' | 'released'> {
    if (crashes < MAX_CRASHES) return this.#options.handler.handle(message);
    const reason = `the process ended ${crashes} times while it worked on this message`;
    return this.#options.handler.reject(
      message,
      new EdgeError('MessageRejected', `the message is given up: ${reason}`),
    );
  }
}

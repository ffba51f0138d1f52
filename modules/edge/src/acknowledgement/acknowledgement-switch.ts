import type { AcknowledgementPolicy } from '@edgewright/contract';
import type { Logger } from '@edgewright/telemetry';
import { EdgeError } from '../edge-error.ts';
import { JournalDrain } from '../journal/journal-drain.ts';
import { MessageJournal } from '../journal/message-journal.ts';
import type { EdgeCounters } from '../messages/edge-counters.ts';
import type { MessageHandler } from '../messages/message-handler.ts';
import type { JournalSettings } from '../scorer-settings.ts';
import type { Acknowledgement } from './acknowledgement.ts';
import { AfterJournal } from './after-journal.ts';
import { AfterOutput } from './after-output.ts';
import { OnReceive } from './on-receive.ts';
import { RedeliveryMemory } from './redelivery-memory.ts';

export interface AcknowledgementSwitchOptions {
  readonly handler: MessageHandler;
  readonly counters: EdgeCounters;
  readonly logger: Logger;
  /** A folder that outlives the process, for the journal; without one there is no `after-journal`. */
  readonly stateDirectory: string | undefined;
  readonly journalSettings: () => JournalSettings;
}

interface OpenJournal {
  readonly journal: MessageJournal;
  readonly drain: JournalDrain;
  readonly policy: AfterJournal;
}

/** Holds the policy in force. Messages that were taken under another one are finished under it. */
export class AcknowledgementSwitch implements AsyncDisposable {
  readonly #options: AcknowledgementSwitchOptions;
  readonly #memory = new RedeliveryMemory();
  readonly #afterOutput: AfterOutput;
  readonly #onReceive: OnReceive;
  #open: OpenJournal | undefined;
  #current: Acknowledgement;
  #isReady = false;

  constructor(options: AcknowledgementSwitchOptions) {
    this.#options = options;
    this.#afterOutput = new AfterOutput(options.handler, this.#memory, options.counters);
    this.#onReceive = new OnReceive(options.handler);
    this.#current = this.#afterOutput;
  }

  get current(): Acknowledgement {
    return this.#current;
  }

  /** Messages in the journal. */
  get journaled(): number {
    return this.#open?.journal.count ?? 0;
  }

  /**
   * Puts a policy in force. A journal that a former process left is worked off under any of them.
   *
   * @throws EdgeError `SettingsInvalid` when there is no place for a journal, `JournalUnusable`
   */
  async select(policy: AcknowledgementPolicy): Promise<void> {
    const { stateDirectory } = this.#options;
    if (policy === 'after-journal' && stateDirectory === undefined) {
      throw new EdgeError(
        'SettingsInvalid',
        '$.acknowledgement is "after-journal", and there is no folder for the journal; bind one into the container and name it in EDGEWRIGHT_STATE_DIRECTORY',
        { details: { acknowledgement: policy } },
      );
    }
    if (stateDirectory !== undefined) this.#open ??= await this.#openJournal(stateDirectory, policy);
    if (policy === 'after-journal') this.#current = this.#open?.policy ?? this.#afterOutput;
    else this.#current = policy === 'on-receive' ? this.#onReceive : this.#afterOutput;
  }

  /** Outputs can be sent: what is in the journal is worked off. */
  ready(): void {
    this.#isReady = true;
    this.#open?.drain.open();
  }

  /** Outputs cannot be sent. */
  hold(): void {
    this.#isReady = false;
    this.#open?.drain.hold();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#open?.drain[Symbol.asyncDispose]();
    this.#open?.journal[Symbol.dispose]();
    this.#open = undefined;
  }

  async #openJournal(directory: string, policy: AcknowledgementPolicy): Promise<OpenJournal | undefined> {
    const { handler, counters, logger, journalSettings } = this.#options;
    try {
      const journal = await MessageJournal.open(directory, (file, err) => {
        logger.error({ file, err }, 'the journal was damaged and is put aside; what was in it is not scored');
      });
      if (journal.count > 0) logger.info({ messages: journal.count }, 'a former process left messages in the journal');
      const concurrency = (): number => journalSettings().concurrency;
      const drain = new JournalDrain({ journal, handler, memory: this.#memory, concurrency, logger });
      if (this.#isReady) drain.open();
      const fallback = this.#afterOutput;
      const parts = { journal, drain, memory: this.#memory, fallback, counters, logger };
      return { journal, drain, policy: new AfterJournal({ ...parts, limits: journalSettings }) };
    } catch (error) {
      // without a journal in use there is nothing to lose but what a former process left
      if (policy === 'after-journal') throw error;
      logger.warn({ err: error }, 'the journal of a former process cannot be opened');
      return undefined;
    }
  }
}

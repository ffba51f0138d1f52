import { isEdgewrightError, messageOf } from '@edgewright/contract';
import { Keeper } from '../keeping/keeper.ts';
import type { KeeperFigures, KeeperPlan } from '../keeping/keeper-plan.ts';
import type { HostMessage, WorkerMessage } from './protocol.ts';

/** How often figures are told, at most. */
const FIGURES_MS = 200;
/** What a keeper may take to end when another plan takes over: what it holds stays in the buffer. */
const REPLACE_MS = 1_000;

const NONE: KeeperFigures = {
  collected: 0,
  sampledOut: 0,
  dropped: { bufferFull: 0, age: 0, tooLarge: 0, failed: 0 },
  uploaded: 0,
  uploadFailures: 0,
  bufferedBytes: 0,
  lastError: null,
};

/** The collector's side of the conversation with its host: one keeper at a time, plans one after the other. */
export class CollectorThread {
  readonly #send: (message: WorkerMessage) => void;
  #keeper: Keeper | undefined;
  #plan: KeeperPlan | undefined;
  #begun = 0;
  /** What former keepers counted. */
  #past = NONE;
  #current = NONE;
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();

  constructor(send: (message: WorkerMessage) => void) {
    this.#send = send;
  }

  take(message: HostMessage): void {
    // in order: requests of a plan do not go to the one before
    this.#work = this.#work.then(() => this.#take(message));
  }

  async #take(message: HostMessage): Promise<void> {
    if (message.type === 'plan') await this.#follow(message.plan, message.number);
    else if (message.type === 'requests') {
      this.#keeper?.keep(message.requests);
      this.#send({ type: 'taken', requests: message.requests.length });
    } else {
      await this.#end(message.deadlineMs);
      clearTimeout(this.#timer);
      this.#send({ type: 'figures', figures: sum(this.#past, this.#current) });
      this.#send({ type: 'ended' });
    }
  }

  async #follow(plan: KeeperPlan, number: number): Promise<void> {
    try {
      await this.#end(REPLACE_MS);
      this.#keeper = this.#begin(plan);
      this.#plan = plan;
      this.#send({ type: 'planned', number });
    } catch (error) {
      // the former one goes on
      if (this.#plan !== undefined) this.#keeper = this.#begin(this.#plan);
      const code = isEdgewrightError(error) ? error.code : 'CollectionBufferUnusable';
      this.#send({ type: 'planned', number, error: { code, message: messageOf(error) } });
    }
  }

  #begin(plan: KeeperPlan): Keeper {
    this.#begun += 1;
    const number = this.#begun;
    return new Keeper({
      plan,
      log: (level, facts, text) => this.#send({ type: 'log', level, facts, text }),
      // one that could not end in time counts no more
      changed: (figures) => {
        if (number === this.#begun) this.#changed(figures);
      },
    });
  }

  async #end(deadlineMs: number): Promise<void> {
    const keeper = this.#keeper;
    this.#keeper = undefined;
    if (keeper === undefined) return;
    await keeper.close(deadlineMs);
    this.#begun += 1;
    this.#past = { ...sum(this.#past, this.#current), bufferedBytes: 0 };
    this.#current = { ...NONE, bufferedBytes: this.#current.bufferedBytes, lastError: this.#current.lastError };
  }

  #changed(figures: KeeperFigures): void {
    this.#current = figures;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#send({ type: 'figures', figures: sum(this.#past, this.#current) });
    }, FIGURES_MS);
  }
}

function sum(past: KeeperFigures, current: KeeperFigures): KeeperFigures {
  return {
    collected: past.collected + current.collected,
    sampledOut: past.sampledOut + current.sampledOut,
    dropped: {
      bufferFull: past.dropped.bufferFull + current.dropped.bufferFull,
      age: past.dropped.age + current.dropped.age,
      tooLarge: past.dropped.tooLarge + current.dropped.tooLarge,
      failed: past.dropped.failed + current.dropped.failed,
    },
    uploaded: past.uploaded + current.uploaded,
    uploadFailures: past.uploadFailures + current.uploadFailures,
    bufferedBytes: current.bufferedBytes,
    lastError: current.lastError,
  };
}

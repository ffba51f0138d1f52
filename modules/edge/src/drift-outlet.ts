import { messageOf } from '@edgewright/contract';
import type { DriftEvent, DriftReport, DriftSettingsInput } from '@edgewright/contract';
import type { Logger } from '@edgewright/telemetry';
import type { Outbox } from './messages/message-handler.ts';

/** What compares live data with the baseline of the model. */
export interface DriftWatch {
  /** Puts settings before those of the start. */
  configure(settings: DriftSettingsInput): void;
  report(): DriftReport | null;
  /** @returns what ends listening */
  listen(listener: (event: DriftEvent) => void): () => void;
}

/** Events that wait for a session; older ones give way. */
const MAX_WAITING = 100;

export interface DriftOutletOptions {
  readonly watch: DriftWatch | undefined;
  readonly outbox: Outbox;
  /** The output that takes the events, when there is one. */
  readonly output: () => string | undefined;
  /** The report is another now. */
  readonly changed: () => void;
  readonly logger: Logger;
}

/** Sends a message when drift begins or ends. It goes again when there is no session, and is given up when it is refused. */
export class DriftOutlet implements Disposable {
  readonly #options: DriftOutletOptions;
  readonly #waiting: DriftEvent[] = [];
  readonly #end: (() => void) | undefined;
  #sending = false;
  #hasSession = false;

  constructor(options: DriftOutletOptions) {
    this.#options = options;
    this.#end = options.watch?.listen((event) => this.#take(event));
  }

  /** There is a session. */
  ready(): void {
    this.#hasSession = true;
    void this.#send();
  }

  hold(): void {
    this.#hasSession = false;
  }

  [Symbol.dispose](): void {
    this.#end?.();
    this.#hasSession = false;
  }

  #take(event: DriftEvent): void {
    this.#options.changed();
    if (this.#options.output() === undefined) return;
    this.#waiting.push(event);
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
    void this.#send();
  }

  async #send(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    try {
      for (let event = this.#next(); event !== undefined; event = this.#next()) {
        await this.#sendOne(event);
        if (this.#waiting[0] === event) this.#waiting.shift();
      }
    } catch (error) {
      // the next session brings it again
      this.#options.logger.warn(
        { event: 'drift.notSent', reason: messageOf(error) },
        'an event of drift is not sent yet',
      );
    } finally {
      this.#sending = false;
    }
  }

  #next(): DriftEvent | undefined {
    return this.#hasSession ? this.#waiting[0] : undefined;
  }

  async #sendOne(event: DriftEvent): Promise<void> {
    const outputName = this.#options.output();
    if (outputName === undefined) return;
    const { name, version } = event.model;
    const properties = [
      ['event', event.event],
      ['model', name],
      ['version', version],
    ] as const;
    await this.#options.outbox.send([{ outputName, body: JSON.stringify(event), properties }]);
  }
}

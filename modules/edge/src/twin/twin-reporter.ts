import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '@edgewright/contract';
import type { Logger } from '@edgewright/telemetry';
import type { TwinDocument } from './desired-properties.ts';

/** Changes within this time go into one report. */
const SETTLE_MS = 250;

/** Where reports go. */
export interface TwinWriter {
  report(patch: TwinDocument): Promise<void>;
}

export interface TwinReporterOptions {
  readonly snapshot: () => TwinDocument;
  readonly intervalMs: () => number;
  readonly logger: Logger;
}

/**
 * Keeps the reported properties current: at an interval, soon after a change that is called one, and all of them at the
 * beginning of each session. Only what has changed is sent, one report at a time.
 */
export class TwinReporter implements Disposable {
  readonly #options: TwinReporterOptions;
  #writer: TwinWriter | undefined;
  #reported: TwinDocument = {};
  #timer: NodeJS.Timeout | undefined;
  #current: Promise<void> = Promise.resolve();

  constructor(options: TwinReporterOptions) {
    this.#options = options;
  }

  /** A session began: reports everything to it, and goes on at the interval. */
  attach(writer: TwinWriter): void {
    this.#writer = writer;
    this.#reported = {};
    this.#schedule(0);
  }

  /** The session is gone. */
  detach(): void {
    this.#writer = undefined;
    clearTimeout(this.#timer);
  }

  /** Something changed that should be seen before the interval is over. */
  changed(): void {
    if (this.#writer !== undefined) this.#schedule(SETTLE_MS);
  }

  /** Reports now. Never rejects. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#current = this.#current.then(() => this.#report());
    await this.#current;
    if (this.#writer !== undefined) this.#schedule(this.#options.intervalMs());
  }

  [Symbol.dispose](): void {
    this.detach();
  }

  #schedule(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), delayMs).unref();
  }

  async #report(): Promise<void> {
    const writer = this.#writer;
    if (writer === undefined) return;
    const snapshot = this.#options.snapshot();
    const changes = Object.entries(snapshot).filter(([key, value]) => !isDeepStrictEqual(value, this.#reported[key]));
    if (changes.length === 0) return;
    try {
      await writer.report(Object.fromEntries(changes));
      if (this.#writer === writer) this.#reported = snapshot;
    } catch (error) {
      this.#options.logger.warn({ reason: messageOf(error) }, 'reported properties could not be updated');
    }
  }
}

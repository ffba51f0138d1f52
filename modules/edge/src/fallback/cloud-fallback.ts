import { setTimeout as sleep } from 'node:timers/promises';
import { isEdgewrightError, messageOf } from '@edgewright/contract';
import type { ScorerReported } from '@edgewright/contract';
import type { Logger, Metrics } from '@edgewright/telemetry';
import { EdgeError } from '../edge-error.ts';
import { MessageJournal } from '../journal/message-journal.ts';
import type { JournalEntry } from '../journal/message-journal.ts';
import type { InputMessage } from '../messages/input-message.ts';
import { carrierOf } from '../messages/message-trace.ts';
import type { CloudEndpoint } from './cloud-endpoint.ts';
import type { FallbackReason, FallbackSettings } from './fallback-settings.ts';
import { HourlyBudget } from './hourly-budget.ts';

const FILE = 'fallback.sqlite';
const CONCURRENCY = 4;
const PAUSE_MS = 1_000;

/** A message that waits for the cloud, with what became of it on the edge. */
export interface ParkedMessage extends InputMessage {
  readonly parked: {
    readonly reason: FallbackReason;
    /** The error of the edge; absent when there was only too little confidence. */
    readonly code?: string;
    readonly text?: string;
    /** Milliseconds since 1970. */
    readonly at: number;
  };
}

/** Sends what came of a message that waited; false when it could not be sent for now. */
export interface FallbackOutlet {
  result(message: ParkedMessage, value: unknown): Promise<boolean>;
  /** There will be no result. */
  failed(message: ParkedMessage, error: unknown): Promise<boolean>;
}

export interface CloudFallbackOptions {
  readonly endpoint: CloudEndpoint;
  readonly outlet: FallbackOutlet;
  readonly stateDirectory: string | undefined;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/**
 * Messages that the edge cannot score, or not well enough, wait on the disk for an endpoint in the cloud. Who hands one over goes on at
 * once: the cloud is asked beside the scoring, one message after the other, and may be away for as long as it likes.
 */
export class CloudFallback implements AsyncDisposable {
  readonly #options: CloudFallbackOptions;
  readonly #outcomes;
  readonly #stop = new AbortController();
  readonly #totals = { parked: 0, scored: 0, failed: 0, refused: 0 };
  #settings: FallbackSettings | undefined;
  #queue: MessageJournal | undefined;
  #budget: HourlyBudget | undefined;
  #isReady = false;
  #running: Promise<void> | undefined;
  #lastError: string | null = null;

  constructor(options: CloudFallbackOptions) {
    this.#options = options;
    this.#outcomes = options.metrics.counter({
      name: 'edge_fallback_total',
      help: 'Messages for the cloud by reason and by what became of them: parked, scored, failed, refused (no room)',
      labels: ['reason', 'outcome'],
    });
    options.metrics.sampledGauge(
      { name: 'edge_fallback_waiting', help: 'Messages that wait for the cloud' },
      () => this.#queue?.count ?? 0,
    );
  }

  /** The settings in force; undefined without a fallback. */
  get settings(): FallbackSettings | undefined {
    return this.#settings;
  }

  get status(): NonNullable<ScorerReported['fallback']> | null {
    if (this.#settings === undefined && this.#totals.parked === 0) return null;
    return {
      ...this.#totals,
      waiting: this.#queue?.count ?? 0,
      circuit: this.#options.endpoint.circuit,
      budgetLeft: this.#budget?.left(this.#settings?.maxPerHour ?? 0) ?? 0,
      lastError: this.#lastError,
    };
  }

  /** @throws EdgeError `JournalUnusable` */
  async configure(settings: FallbackSettings | undefined): Promise<void> {
    const { stateDirectory, logger } = this.#options;
    if (settings !== undefined && stateDirectory !== undefined) {
      this.#queue ??= await MessageJournal.open(
        stateDirectory,
        (file, err) => logger.error({ file, err }, 'what waited for the cloud was damaged and is put aside'),
        FILE,
      );
      this.#budget ??= await HourlyBudget.open(stateDirectory, (file, err) =>
        logger.error(
          { file, err },
          'the requests of this hour to the cloud cannot be kept; a restart begins a new hour',
        ),
      );
    }
    this.#settings = settings;
    this.#wake();
  }

  takes(reason: FallbackReason): boolean {
    return this.#settings?.reasons.has(reason) === true && this.#queue !== undefined;
  }

  /**
   * Takes a message over, on the disk.
   *
   * @param key by which it is recognised when it comes again
   * @returns false when there is no room, or no disk
   */
  park(message: InputMessage, key: string | undefined, parked: Omit<ParkedMessage['parked'], 'at'>): boolean {
    const queue = this.#queue;
    const settings = this.#settings;
    if (queue === undefined || settings === undefined) return false;
    try {
      if (queue.count >= settings.maxWaiting) {
        this.#count('refused', parked.reason);
        return false;
      }
      const waiting: ParkedMessage = { ...message, parked: { ...parked, at: Date.now() } };
      queue.add([{ message: waiting, key }]);
      this.#count('parked', parked.reason);
      this.#wake();
      return true;
    } catch (error) {
      this.#options.logger.error({ reason: messageOf(error) }, 'a message cannot be kept for the cloud');
      return false;
    }
  }

  /** Outputs can be sent. */
  ready(): void {
    this.#isReady = true;
    this.#wake();
  }

  /** Outputs cannot be sent. */
  hold(): void {
    this.#isReady = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.#queue?.[Symbol.dispose]();
    this.#queue = undefined;
  }

  #wake(): void {
    if (this.#running !== undefined || !this.#hasWork()) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  #hasWork(): boolean {
    return this.#isReady && !this.#stop.signal.aborted && this.#settings !== undefined && (this.#queue?.count ?? 0) > 0;
  }

  async #run(): Promise<void> {
    while (this.#hasWork()) {
      try {
        if (!(await this.#pass())) await sleep(PAUSE_MS, undefined, { ref: false, signal: this.#stop.signal });
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        this.#options.logger.error(
          { reason: messageOf(error) },
          'what waits for the cloud cannot be worked off for now',
        );
        await sleep(PAUSE_MS, undefined, { ref: false });
      }
    }
  }

  /** @returns false when it is better to wait a while */
  async #pass(): Promise<boolean> {
    const entries = this.#queue?.read(0, CONCURRENCY) ?? [];
    const outcomes = await Promise.all(entries.map((entry) => this.#work(entry)));
    const done = entries.filter((_, index) => outcomes[index] === true);
    if (done.length > 0) this.#queue?.remove(done);
    return done.length === entries.length;
  }

  /** @returns true when the message is through, whichever way */
  async #work({ message }: JournalEntry): Promise<boolean> {
    const parked = message as ParkedMessage;
    const { endpoint, outlet, logger } = this.#options;
    const settings = this.#settings;
    const budget = this.#budget;
    if (settings === undefined || budget === undefined) return false;
    try {
      if (Date.now() - parked.parked.at > settings.maxAgeSeconds * 1000) {
        throw new EdgeError('CloudRefused', `the cloud did not score it within ${settings.maxAgeSeconds} s`);
      }
      if (endpoint.circuit === 'open' || budget.left(settings.maxPerHour) === 0) return false;
      await budget.spend();
      const requestId = message.correlationId ?? message.messageId ?? '';
      const { url, timeoutMs } = settings;
      const request = { url, timeoutMs, body: message.body, requestId, parent: carrierOf(message) };
      const value = await endpoint.score({ ...request, signal: this.#stop.signal });
      if (!(await outlet.result(parked, value))) return false;
      this.#count('scored', parked.parked.reason);
      return true;
    } catch (error) {
      this.#stop.signal.throwIfAborted();
      this.#lastError = messageOf(error).slice(0, 500);
      if (!isEdgewrightError(error) || error.code !== 'CloudRefused') {
        logger.debug({ reason: messageOf(error) }, 'the cloud does not score for now');
        return false;
      }
      if (!(await outlet.failed(parked, error))) return false;
      this.#count('failed', parked.parked.reason);
      return true;
    }
  }

  #count(outcome: 'parked' | 'scored' | 'failed' | 'refused', reason: FallbackReason): void {
    this.#totals[outcome] += 1;
    this.#outcomes.add({ reason, outcome });
  }
}

import { messageOf } from '@edgewright/contract';
import type { CollectionSettings, ReportedCollection } from '@edgewright/contract';
import { observeEngine } from '@edgewright/engine';
import type { Engine, ScoringObservation } from '@edgewright/engine';
import type { Logger, Metrics } from '@edgewright/telemetry';
import type { CollectedRequest } from '../rows/collected-request.ts';
import { CollectionFigures } from './collection-figures.ts';
import type { CollectionTotals } from './collection-figures.ts';
import { planCollection } from './collection-host.ts';
import type { CollectionHost } from './collection-host.ts';
import { CollectorLink } from './collector-link.ts';
import { readyToPost } from './ready-to-post.ts';
import { requestOf, resultOf } from './request-of.ts';
import { roughSizeOf } from './rough-size.ts';
import { Sampler } from './sampler.ts';

export interface DataCollectorOptions {
  readonly host: CollectionHost;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** What closing may take; default 2 000 ms. */
  readonly closeMs?: number;
}

/** Requests that wait for the collector's thread, with those that it has not taken yet. */
const MAX_REQUESTS = 4_000;
const MAX_BYTES = 134_217_728;
/** So many go over at once, or what there is after this time. */
const MAX_BATCH = 256;
const DELAY_MS = 50;
const CLOSE_MS = 2_000;
/** Losses are told of once in this time. */
const SILENCE_MS = 60_000;

/**
 * Collects inputs and predictions. What a request costs here is a decision and a place in a queue: everything else is done by a thread
 * of its own. When that does not keep up, requests are dropped, and counted. Nothing here fails a request.
 */
export class DataCollector implements AsyncDisposable {
  readonly #options: DataCollectorOptions;
  readonly #figures: CollectionFigures;
  readonly #link: CollectorLink;
  /** The settings that the thread follows, as JSON. */
  #planned: string | undefined;
  /** Undefined when nothing is collected. */
  #sampler: Sampler | undefined;
  #queue: CollectedRequest[] = [];
  #queuedBytes = 0;
  /** What was handed over and is not taken yet. */
  #underWay: { readonly requests: number; readonly bytes: number }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #toldAt = Number.NEGATIVE_INFINITY;
  #toldOf = 0;

  constructor(options: DataCollectorOptions) {
    const { metrics, logger } = options;
    this.#options = options;
    this.#figures = new CollectionFigures(metrics);
    this.#link = new CollectorLink({
      figures: (figures) => {
        this.#figures.take(figures);
        this.#tellOfLosses();
      },
      log: ({ level, facts, text }) => logger[level](facts, text),
      taken: () => this.#underWay.shift(),
      lost: (reason) => this.#threadLost(reason),
    });
  }

  get totals(): CollectionTotals {
    return this.#figures.totals;
  }

  /** Null before anything was to be collected. */
  get status(): ReportedCollection | null {
    if (this.#planned === undefined) return null;
    const { collected, sampledOut, uploaded } = this.#figures.totals;
    const { dropped, bufferedBytes, lastError } = this.#figures;
    const enabled = this.#sampler !== undefined;
    return {
      enabled,
      collected,
      sampledOut,
      dropped,
      uploaded,
      bufferedBytes,
      lastError: lastError?.slice(0, 500) ?? null,
    };
  }

  /**
   * Collects by other settings from now on; without settings nothing more is collected, and what waits is still taken to its
   * destination.
   *
   * @throws CollectionError `CollectionInvalid`, `CollectionBufferUnusable`; then the former settings stay in force
   */
  async configure(settings: CollectionSettings | undefined): Promise<void> {
    if (settings === undefined || settings.enabled === false) {
      this.#sampler = undefined;
      return;
    }
    const text = JSON.stringify(settings);
    if (text !== this.#planned) {
      const plan = await planCollection(settings, this.#options.host);
      this.#flush();
      await this.#link.follow(plan);
      this.#planned = text;
    }
    this.#sampler = new Sampler(settings.sampling ?? {});
  }

  /** The engine as a host uses it: what it scores is collected. */
  observing(engine: Engine, host: string): Engine {
    return observeEngine(engine, {
      wants: (requestId) => this.#sampler?.mayKeep(requestId) === true,
      scored: (observation) => {
        try {
          this.#scored(observation, host);
        } catch (error) {
          this.#options.logger.error({ reason: messageOf(error) }, 'a scored request cannot be collected');
          this.#figures.lost('failed', 1);
        }
      },
    });
  }

  /** Takes a request for the collector. Never waits, never throws. */
  #scored(observation: ScoringObservation, host: string): void {
    const sampler = this.#sampler;
    if (sampler === undefined) return;
    const sampledBy = sampler.decide(observation.requestId, () => resultOf(observation.output));
    if (sampledBy === undefined) {
      this.#figures.sampledOut();
      return;
    }
    const request = requestOf(observation, host, sampledBy);
    const bytes = roughSizeOf(request.inputs) + roughSizeOf(request.predictions);
    const before = this.#underWay.reduce(
      (sum, each) => ({ requests: sum.requests + each.requests, bytes: sum.bytes + each.bytes }),
      { requests: this.#queue.length, bytes: this.#queuedBytes },
    );
    if (before.requests >= MAX_REQUESTS || before.bytes + bytes > MAX_BYTES) {
      this.#figures.lost('queueFull', 1);
      this.#tellOfLosses();
      return;
    }
    this.#queue.push(request);
    this.#queuedBytes += bytes;
    if (this.#queue.length === MAX_BATCH) setImmediate(() => this.#flush());
    else this.#timer ??= setTimeout(() => this.#flush(), DELAY_MS).unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#sampler = undefined;
    this.#flush();
    await this.#link.close(this.#options.closeMs ?? CLOSE_MS);
    this.#tellOfLosses(true);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const requests = this.#queue;
    if (requests.length === 0) return;
    const bytes = this.#queuedBytes;
    this.#queue = [];
    this.#queuedBytes = 0;
    try {
      this.#link.post(requests.map(readyToPost));
      this.#underWay.push({ requests: requests.length, bytes });
    } catch (error) {
      // what an entry script returns may hold what no thread can hand over
      this.#options.logger.warn(
        { reason: messageOf(error), requests: requests.length },
        'scored requests cannot be collected',
      );
      this.#figures.lost('failed', requests.length);
    }
  }

  #threadLost(reason: string): void {
    const requests = this.#underWay.reduce((sum, each) => sum + each.requests, 0);
    this.#underWay = [];
    this.#figures.threadEnded();
    this.#figures.lost('threadEnded', requests);
    this.#options.logger.error({ reason, requests }, "the collector's thread ended; another one is started");
  }

  #tellOfLosses(atOnce = false): void {
    const { dropped, totals } = this.#figures;
    if (dropped === this.#toldOf || (!atOnce && performance.now() - this.#toldAt < SILENCE_MS)) return;
    this.#toldAt = performance.now();
    this.#toldOf = dropped;
    this.#options.logger.warn({ dropped: totals.dropped }, 'data of requests are lost to the collection');
  }
}

import type { Metrics } from '@edgewright/telemetry';
import type { KeeperFigures } from '../keeping/keeper-plan.ts';

/** Why a request that was to be kept is lost, before it reached the buffer or in it. */
export type CollectionLoss = 'queueFull' | 'threadEnded' | keyof KeeperFigures['dropped'];

/** Counts since the program began. */
export interface CollectionTotals {
  readonly collected: number;
  readonly sampledOut: number;
  readonly dropped: Readonly<Partial<Record<CollectionLoss, number>>>;
  readonly uploaded: number;
  readonly uploadFailures: number;
}

/** The figures of a collector, as totals and as metrics. */
export class CollectionFigures {
  readonly #requests;
  readonly #dropped;
  readonly #uploaded;
  readonly #failures;
  readonly #totals = { collected: 0, sampledOut: 0, uploaded: 0, uploadFailures: 0 };
  readonly #losses = new Map<CollectionLoss, number>();
  #last: KeeperFigures | undefined;

  constructor(metrics: Metrics) {
    this.#requests = metrics.counter({
      name: 'collection_requests_total',
      help: 'Scored requests by whether their data are kept: collected, or sampledOut',
      labels: ['outcome'],
    });
    this.#dropped = metrics.counter({
      name: 'collection_dropped_total',
      help: 'Requests whose data were to be kept and are lost, by reason',
      labels: ['reason'],
    });
    this.#uploaded = metrics.counter({
      name: 'collection_uploaded_total',
      help: 'Requests whose data reached their destination',
    });
    this.#failures = metrics.counter({
      name: 'collection_upload_failures_total',
      help: 'Attempts to take collected data to their destination that failed',
    });
    metrics.sampledGauge(
      { name: 'collection_buffered_bytes', help: 'Bytes of collected data that wait on the disk' },
      () => this.bufferedBytes,
    );
  }

  get bufferedBytes(): number {
    return this.#last?.bufferedBytes ?? 0;
  }

  get lastError(): string | null {
    return this.#last?.lastError ?? null;
  }

  get totals(): CollectionTotals {
    return { ...this.#totals, dropped: Object.fromEntries(this.#losses) };
  }

  /** All losses together. */
  get dropped(): number {
    return [...this.#losses.values()].reduce((sum, count) => sum + count, 0);
  }

  sampledOut(): void {
    this.#count('sampledOut', 1);
  }

  lost(reason: CollectionLoss, requests: number): void {
    if (requests <= 0) return;
    this.#losses.set(reason, (this.#losses.get(reason) ?? 0) + requests);
    this.#dropped.add({ reason }, requests);
  }

  /** Takes what the thread says it counted since it began. */
  take(figures: KeeperFigures): void {
    const last = this.#last;
    this.#last = figures;
    this.#count('collected', figures.collected - (last?.collected ?? 0));
    this.#count('sampledOut', figures.sampledOut - (last?.sampledOut ?? 0));
    this.#count('uploaded', figures.uploaded - (last?.uploaded ?? 0));
    this.#count('uploadFailures', figures.uploadFailures - (last?.uploadFailures ?? 0));
    for (const [reason, count] of Object.entries(figures.dropped)) {
      const known = reason as keyof KeeperFigures['dropped'];
      this.lost(known, count - (last?.dropped[known] ?? 0));
    }
  }

  /** The thread ended: another one counts from 0. */
  threadEnded(): void {
    this.#last = undefined;
  }

  #count(what: Exclude<keyof CollectionTotals, 'dropped'>, by: number): void {
    if (by <= 0) return;
    this.#totals[what] += by;
    if (what === 'uploaded') this.#uploaded.add({}, by);
    else if (what === 'uploadFailures') this.#failures.add({}, by);
    else this.#requests.add({ outcome: what }, by);
  }
}

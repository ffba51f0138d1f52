import { ExportResultCode } from '@opentelemetry/core';
import type { ExportResult } from '@opentelemetry/core';

/** What all of OpenTelemetry's exporters have in common. */
export interface Exporter<Batch> {
  export(batch: Batch, done: (result: ExportResult) => void): void;
  shutdown(): Promise<void>;
  forceFlush?(): Promise<void>;
}

/** Told of items that are lost. */
export type OnLost = (count: number, error: Error) => void;

/**
 * An exporter whose failures are told, and which knows how many items are on their way to it: the queues of OpenTelemetry's SDK drop what is
 * too much, and an exporter fails, without a word.
 */
export class WatchedExporter<Item> implements Exporter<Item[]> {
  readonly #inner: Exporter<Item[]>;
  readonly #capacity: number;
  readonly #onLost: OnLost;
  #waiting = 0;

  constructor(inner: Exporter<Item[]>, capacity: number, onLost: OnLost) {
    this.#inner = inner;
    this.#capacity = capacity;
    this.#onLost = onLost;
  }

  /** @returns false when there is no room for one more item, which is then lost */
  admit(): boolean {
    if (this.#waiting >= this.#capacity) {
      this.#onLost(1, new RangeError(`${this.#capacity} wait already`));
      return false;
    }
    this.#waiting += 1;
    return true;
  }

  export(batch: Item[], done: (result: ExportResult) => void): void {
    this.#inner.export(batch, (result) => {
      this.#waiting -= batch.length;
      if (result.code === ExportResultCode.FAILED) {
        this.#onLost(batch.length, result.error ?? new TypeError('no reason was given'));
      }
      done(result);
    });
  }

  shutdown(): Promise<void> {
    return this.#inner.shutdown();
  }

  async forceFlush(): Promise<void> {
    await this.#inner.forceFlush?.();
  }
}

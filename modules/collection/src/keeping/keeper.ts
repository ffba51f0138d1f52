import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@edgewright/contract';
import type { BufferedRequest } from '../buffer/collection-buffer.ts';
import { openBuffers } from '../buffer/own-buffer.ts';
import type { BufferSlot, OwnedBuffers } from '../buffer/own-buffer.ts';
import type { CollectedRequest } from '../rows/collected-request.ts';
import { RowMaker } from '../rows/rows-of.ts';
import { Shipper } from '../shipping/shipper.ts';
import { openSink } from './destination.ts';
import type { KeeperFigures, KeeperLog, KeeperLoss, KeeperPlan } from './keeper-plan.ts';
import { offerToReservoir, releaseReservoir } from './reservoir.ts';

export interface KeeperOptions {
  readonly plan: KeeperPlan;
  readonly log: KeeperLog;
  /** Told whenever figures changed. */
  readonly changed: (figures: KeeperFigures) => void;
  /** Milliseconds since 1970; default the clock. */
  readonly now?: () => number;
  readonly random?: () => number;
}

/** Rows of one request, as JSON, at most: they go into one block of an append blob. */
const MAX_REQUEST_BYTES = 2_097_152;
const DEFAULT_BUFFER_BYTES = 268_435_456;
const DEFAULT_MAX_AGE_SECONDS = 604_800;
/** With so much to write it is not waited for more. */
const READY_BYTES = 1_048_576;
const TICK_MS = 500;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
const PRUNE_MS = 600_000;

/** Keeps requests: makes rows of them, holds them on the disk, and takes them to their destination whenever that is there. */
export class Keeper implements AsyncDisposable {
  readonly #options: Required<KeeperOptions>;
  readonly #rows: RowMaker;
  readonly #buffers: OwnedBuffers;
  #left: readonly BufferSlot[];
  readonly #counts = { collected: 0, sampledOut: 0, uploaded: 0, uploadFailures: 0 };
  readonly #dropped: Record<KeeperLoss, number> = { bufferFull: 0, age: 0, tooLarge: 0, failed: 0 };
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #lastError: string | null = null;
  #prunedAt = 0;

  /** @throws CollectionError `CollectionBufferUnusable` */
  constructor(options: KeeperOptions) {
    this.#options = { now: Date.now, random: Math.random, ...options };
    const { settings, bufferFolder, hashKey } = options.plan;
    this.#rows = new RowMaker(settings, hashKey);
    this.#buffers = openBuffers(bufferFolder, (file, err) =>
      options.log('error', { file, reason: messageOf(err) }, 'a buffer of collected rows was damaged and is put aside'),
    );
    this.#left = this.#buffers.left;
    this.#running = this.#run();
  }

  get figures(): KeeperFigures {
    const { buffer } = this.#buffers.own;
    const bufferedBytes = this.#left.reduce((sum, left) => sum + left.buffer.bytes, buffer.bytes);
    return { ...this.#counts, dropped: { ...this.#dropped }, bufferedBytes, lastError: this.#lastError };
  }

  /** Takes requests into the buffer. What cannot be taken is counted. */
  keep(requests: readonly CollectedRequest[]): void {
    const rows = requests.map((request) => this.#rowsOf(request)).filter((request) => request !== undefined);
    const { buffer } = this.#buffers.own;
    const { settings } = this.#options.plan;
    const { reservoir } = settings.sampling ?? {};
    const { random } = this.#options;
    const counts = { collected: 0, sampledOut: 0, dropped: 0 };
    try {
      buffer.transaction(() => {
        for (const request of rows) {
          if (request.sampledBy === 'reservoir' && reservoir !== undefined) {
            const { released, out } = offerToReservoir(buffer, request, { ...reservoir, random });
            counts.collected += released;
            counts.sampledOut += out;
          } else {
            buffer.add(request);
            counts.collected += 1;
          }
        }
        counts.dropped = buffer.shrink(settings.buffer?.maxBytes ?? DEFAULT_BUFFER_BYTES);
      });
      this.#counts.collected += counts.collected;
      this.#counts.sampledOut += counts.sampledOut;
      this.#dropped.bufferFull += counts.dropped;
    } catch (error) {
      this.#dropped.failed += rows.length;
      this.#options.log('error', { reason: messageOf(error), requests: rows.length }, 'collected rows cannot be kept');
    }
    this.#tell();
  }

  /** Ends the work of the background, and tries once more to take everything to its destination until the time is over. */
  async close(deadlineMs: number): Promise<void> {
    const deadline = performance.now() + deadlineMs;
    this.#stop.abort();
    await Promise.race([this.#running, sleep(deadlineMs, undefined, { ref: false })]);
    const { own } = this.#buffers;
    try {
      while (performance.now() < deadline && (await this.#ship(own))) this.#tell();
    } catch (error) {
      this.#failed(error);
    }
    for (const { buffer } of [own, ...this.#left]) buffer[Symbol.dispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close(0);
  }

  #rowsOf(request: CollectedRequest): BufferedRequest | undefined {
    const { at, model, version, sampledBy, requestId } = request;
    try {
      const text = JSON.stringify(this.#rows.rowsOf(request));
      if (text.length <= MAX_REQUEST_BYTES) return { at, model, version, sampledBy, text };
      this.#dropped.tooLarge += 1;
    } catch (error) {
      this.#dropped.failed += 1;
      this.#options.log('warn', { requestId, reason: messageOf(error) }, 'a request cannot be made rows of');
    }
    return undefined;
  }

  async #run(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.#stop.signal.aborted) {
      try {
        this.#tidy();
        await this.#shipWhatIsDue();
        pauseMs = FIRST_PAUSE_MS;
        await this.#pause(TICK_MS);
      } catch (error) {
        this.#failed(error);
        // not all of a fleet at once
        await this.#pause(pauseMs * (0.5 + Math.random()));
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      }
    }
  }

  async #pause(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { signal: this.#stop.signal, ref: false }).catch(() => {});
  }

  #tidy(): void {
    const { plan, now } = this.#options;
    const { buffer } = this.#buffers.own;
    const { sampling, buffer: limits } = plan.settings;
    const before = now() - (limits?.maxAgeSeconds ?? DEFAULT_MAX_AGE_SECONDS) * 1000;
    buffer.transaction(() => {
      this.#counts.collected += releaseReservoir(buffer, sampling?.reservoir !== undefined, now());
    });
    for (const each of [this.#buffers.own, ...this.#left]) this.#dropped.age += each.buffer.expire(before);
    this.#tell();
  }

  async #shipWhatIsDue(): Promise<void> {
    const { own } = this.#buffers;
    for (const left of this.#left) {
      while (!this.#stop.signal.aborted && (await this.#ship(left))) this.#tell();
      if (this.#stop.signal.aborted) return;
      left.buffer[Symbol.dispose]();
      this.#left = this.#left.filter((each) => each !== left);
    }
    while (!this.#stop.signal.aborted && this.#isDue(own) && (await this.#ship(own))) this.#tell();
    await this.#prune();
  }

  #isDue({ buffer }: BufferSlot): boolean {
    const { plan, now } = this.#options;
    const intervalMs = (plan.settings.uploadIntervalSeconds ?? (plan.destination.kind === 'folder' ? 5 : 60)) * 1000;
    const { oldestAt } = buffer;
    if (buffer.underWay > 0) return true;
    return oldestAt !== undefined && (now() - oldestAt >= intervalMs || buffer.bytes >= READY_BYTES);
  }

  /** @returns whether there was something to write */
  async #ship(source: BufferSlot): Promise<boolean> {
    const { destination, owner, settings } = this.#options.plan;
    const { format = 'csv' } = settings;
    const sink = await openSink(destination);
    const sharesFiles = destination.kind === 'blobs';
    const through = await new Shipper({ sink, source, owner, format, sharesFiles }).shipNext();
    this.#lastError = null;
    if (through === undefined) return false;
    this.#counts.uploaded += through;
    return true;
  }

  async #prune(): Promise<void> {
    const { plan, log, now } = this.#options;
    if (plan.destination.kind !== 'folder' || now() - this.#prunedAt < PRUNE_MS) return;
    this.#prunedAt = now();
    const removed = await (await openSink(plan.destination)).prune(now());
    if (removed.files > 0)
      log('info', { ...removed }, 'the oldest collected days are removed to keep the folder small');
  }

  #failed(error: unknown): void {
    const reason = messageOf(error);
    // the same failure is told of once, while it lasts
    if (reason !== this.#lastError) {
      this.#options.log('warn', { reason }, 'collected rows cannot be uploaded for now; they wait on the disk');
    }
    this.#lastError = reason;
    this.#counts.uploadFailures += 1;
    this.#tell();
  }

  #tell(): void {
    this.#options.changed(this.figures);
  }
}

import { setTimeout as pause } from 'node:timers/promises';
import { isEdgewrightError, messageOf } from '@edgewright/contract';
import { SimulatorError } from '../simulator-error.ts';
import { ModuleSender } from './module-sender.ts';
import type { ModuleSenderOptions } from './module-sender.ts';
import { Outbox } from './outbox.ts';
import type { OutgoingMessage } from './outgoing-message.ts';

export interface SendResult {
  /** Messages that edgeHub confirmed: all of them, else there would be an error. */
  readonly confirmed: number;
  /** How often a message was sent again because a connection was lost. */
  readonly resent: number;
  readonly durationMs: number;
}

export interface SendOptions extends ModuleSenderOptions {
  readonly messages: Iterable<OutgoingMessage> | AsyncIterable<OutgoingMessage>;
  /** How many messages may wait for their confirmation at once; default 1. */
  readonly inFlight?: number | undefined;
  /** Gives up when messages wait and none is confirmed for so long, in milliseconds; default 60,000. */
  readonly stallTimeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after edgeHub confirmed a message, with its place in the sequence from 0. */
  readonly onConfirmed?: ((message: OutgoingMessage, index: number) => void) | undefined;
}

const DEFAULT_STALL_MS = 60_000;
const RECONNECT_MS = 250;

/**
 * Sends messages through edgeHub as a module and waits for the confirmation of each. What was not confirmed when a connection
 * got lost is sent again on the next one, so that a message may arrive twice but none is lost.
 *
 * @throws SimulatorError `SimulatedTargetTimeout` when nothing is confirmed for too long, `SimulatorRequestInvalid`
 */
export async function sendMessages(options: SendOptions): Promise<SendResult> {
  const { inFlight = 1, stallTimeoutMs = DEFAULT_STALL_MS } = options;
  if (!Number.isInteger(inFlight) || inFlight < 1) {
    throw new SimulatorError(
      'SimulatorRequestInvalid',
      `cannot send: inFlight is ${inFlight}, not a whole number from 1`,
    );
  }
  const began = performance.now();
  await using sending = new Sending(options, inFlight, stallTimeoutMs);
  let resent = 0;
  for (;;) {
    await sending.overOneConnection();
    if (sending.isDone) break;
    resent += sending.restore();
    await pause(RECONNECT_MS, undefined, { signal: sending.signal }).catch(() => sending.throwIfEnded());
  }
  return { confirmed: sending.confirmed, resent, durationMs: performance.now() - began };
}

class Sending implements AsyncDisposable {
  /** Aborted by the caller, or when nothing moves any more. */
  readonly signal: AbortSignal;
  confirmed = 0;
  readonly #options: SendOptions;
  readonly #inFlight: number;
  readonly #stallTimeoutMs: number;
  readonly #outbox: Outbox;
  readonly #stalled = new AbortController();
  readonly #watch: NodeJS.Timeout;
  #lastProgress = performance.now();
  #lastFailure: unknown;
  #isConnected = false;

  constructor(options: SendOptions, inFlight: number, stallTimeoutMs: number) {
    this.#options = options;
    this.#inFlight = inFlight;
    this.#stallTimeoutMs = stallTimeoutMs;
    this.#outbox = new Outbox(options.messages);
    const signals = options.signal === undefined ? [] : [options.signal];
    this.signal = AbortSignal.any([...signals, this.#stalled.signal]);
    this.#watch = setInterval(() => this.#checkProgress(), Math.min(stallTimeoutMs, 500));
  }

  get isDone(): boolean {
    return this.#outbox.isDone;
  }

  restore(): number {
    return this.#outbox.restore();
  }

  /** Opens a connection and sends over it until everything is confirmed or the connection is lost. */
  async overOneConnection(): Promise<void> {
    this.throwIfEnded();
    try {
      await using sender = await ModuleSender.open(this.#options);
      this.#isConnected = true;
      await this.#pump(sender);
    } catch (error) {
      this.#isConnected = false;
      this.throwIfEnded();
      if (!isEdgewrightError(error) || error.code !== 'SimulatedTargetOffline') throw error;
      this.#lastFailure = error;
    }
  }

  /** @throws whatever the caller aborted with, or SimulatorError `SimulatedTargetTimeout` */
  throwIfEnded(): void {
    this.#options.signal?.throwIfAborted();
    if (!this.#stalled.signal.aborted) return;
    const last = this.#lastFailure === undefined ? '' : `; last: ${messageOf(this.#lastFailure)}`;
    throw new SimulatorError(
      'SimulatedTargetTimeout',
      `cannot send${this.#options.output === undefined ? '' : ` to output "${this.#options.output}"`}: the hub confirmed nothing for ${this.#stallTimeoutMs} ms, ${this.confirmed} messages before that${last}`,
      {
        details: { output: this.#options.output, confirmed: this.confirmed, stallTimeoutMs: this.#stallTimeoutMs },
        cause: this.#lastFailure,
      },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#watch);
    await this.#outbox.close();
  }

  async #pump(sender: ModuleSender): Promise<void> {
    const active = new Set<Promise<void>>();
    const broken = Promise.withResolvers<never>();
    // it may break while nobody waits for it
    broken.promise.catch(() => {});
    const abort = () => broken.reject(this.signal.reason);
    this.signal.addEventListener('abort', abort, { once: true });
    try {
      for (;;) {
        this.signal.throwIfAborted();
        await Promise.race([this.#outbox.fill(), broken.promise]);
        const entry = this.#outbox.shift();
        if (entry === undefined) break;
        // what the source gives late is no stall
        if (active.size === 0) this.#lastProgress = performance.now();
        const sent = sender
          .send(entry.message)
          .then(() => {
            this.#lastProgress = performance.now();
            if (this.#outbox.confirm(entry)) this.confirmed += 1;
            this.#options.onConfirmed?.(entry.message, entry.index);
          })
          .catch((error: unknown) => broken.reject(error))
          .finally(() => active.delete(sent));
        active.add(sent);
        if (active.size >= this.#inFlight) await Promise.race([...active, broken.promise]);
      }
      await Promise.race([Promise.all(active), broken.promise]);
      if (!this.isDone) await broken.promise;
    } finally {
      this.signal.removeEventListener('abort', abort);
    }
  }

  #checkProgress(): void {
    const isWaiting = !this.#isConnected || this.#outbox.hasUnconfirmed;
    if (isWaiting && performance.now() - this.#lastProgress > this.#stallTimeoutMs) this.#stalled.abort();
  }
}

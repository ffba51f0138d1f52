import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@edgewright/contract';
import type { Logger } from '@edgewright/telemetry';
import { EdgeError } from '../edge-error.ts';
import type { Outbox } from '../messages/message-handler.ts';
import type { OutputMessage } from '../messages/output-message.ts';
import { HubSession } from './hub-session.ts';
import type { HubSessionOptions } from './hub-session.ts';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** A session that lasted this long was a good one: the next pause is short again. */
const GOOD_SESSION_MS = 30_000;

export interface HubLinkOptions extends HubSessionOptions {
  /** A session began. Must not throw. */
  opened(session: HubSession): void;
  /** It ended, for the reason given. Must not throw. */
  ended(reason: string): void;
  readonly logger: Logger;
}

/**
 * The connection to edgeHub over the life of the module: one session after another, with growing pauses between attempts. The
 * SDK's own recovery is not used: it gives up after four minutes, and connects to a hub that forgot its subscriptions.
 */
export class HubLink implements Outbox, AsyncDisposable {
  readonly #options: HubLinkOptions;
  #session: HubSession | undefined;

  constructor(options: HubLinkOptions) {
    this.#options = options;
  }

  get session(): HubSession | undefined {
    return this.#session;
  }

  /**
   * Keeps a session open until the signal fires; the last one stays open for what is to be finished.
   *
   * @throws EdgeError `HubUnreachable` after `settings.hubDeadlineMs` without a session
   */
  async run(signal: AbortSignal): Promise<void> {
    const stopped = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    let pauseMs = FIRST_PAUSE_MS;
    let lastUp = performance.now();
    while (!signal.aborted) {
      const session = await this.#open(lastUp, signal);
      if (session !== undefined) {
        const opened = performance.now();
        await this.#attend(session, stopped);
        lastUp = performance.now();
        if (lastUp - opened >= GOOD_SESSION_MS) pauseMs = FIRST_PAUSE_MS;
      }
      if (signal.aborted) return;
      // spread, so that the modules of a device do not all come at once when its hub is back
      await sleep(pauseMs * (0.8 + 0.4 * Math.random()), undefined, { signal }).catch(() => {});
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }
  }

  async send(messages: readonly OutputMessage[]): Promise<void> {
    if (this.#session === undefined) throw new EdgeError('HubConnectionLost', 'there is no session with edgeHub');
    await this.#session.send(messages);
  }

  reconnect(reason: string): void {
    this.#session?.abandon(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session?.[Symbol.asyncDispose]();
    this.#session = undefined;
  }

  async #open(lastUp: number, signal: AbortSignal): Promise<HubSession | undefined> {
    const { logger, settings } = this.#options;
    try {
      return await HubSession.open(this.#options, signal);
    } catch (cause) {
      if (signal.aborted) return undefined;
      const downMs = Math.round(performance.now() - lastUp);
      if (downMs >= settings.hubDeadlineMs) {
        throw new EdgeError(
          'HubUnreachable',
          `no session with edgeHub for ${Math.round(downMs / 1000)} s, the last attempt failed: ${messageOf(cause)}`,
          { details: { downMs, hubDeadlineMs: settings.hubDeadlineMs }, cause },
        );
      }
      logger.warn({ reason: messageOf(cause), downMs }, 'edgeHub is not there yet');
      return undefined;
    }
  }

  async #attend(session: HubSession, stopped: Promise<void>): Promise<void> {
    const { logger } = this.#options;
    this.#session = session;
    logger.info('joined edgeHub');
    this.#options.opened(session);
    const reason = await Promise.race([session.lost, stopped]);
    if (reason === undefined) return;
    this.#session = undefined;
    logger.warn({ reason: reason.message }, 'the session with edgeHub ended');
    this.#options.ended(reason.message);
    await session[Symbol.asyncDispose]();
  }
}

import { isEdgewrightError, messageOf } from '@edgewright/contract';
import type { Logger, Tracing } from '@edgewright/telemetry';
import type { EdgeCounters } from './edge-counters.ts';
import { traceOf } from './input-message.ts';
import type { InputMessage } from './input-message.ts';
import type { MessageScorer, ScoredMessage } from './message-scorer.ts';
import { MessageTrace } from './message-trace.ts';
import type { OutputMessage } from './output-message.ts';

/** Where outputs are sent. */
export interface Outbox {
  /**
   * Sends all of them, or none when one is too large, and waits until edgeHub has them.
   *
   * @throws EdgeError `OutputTooLarge`; `HubConnectionLost` and `HubTimeout`, when edgeHub may have some of them
   */
  send(messages: readonly OutputMessage[]): Promise<void>;
  /** Asks for a new connection, which brings what is not acknowledged again. */
  reconnect(reason: string): void;
}

/** What became of a message: its output is with edgeHub, or it was let go and will come again. */
export type Handled = 'confirmed' | 'released';

export interface MessageHandlerOptions {
  readonly scorer: MessageScorer;
  readonly outbox: Outbox;
  readonly counters: EdgeCounters;
  readonly logger: Logger;
  readonly tracing?: Tracing | undefined;
  /** Ends work that is still under way when closing has waited long enough. */
  readonly signal: AbortSignal;
  /** Told of every message that went to the error output. */
  onRejected(error: unknown): void;
}

/** Takes a message all the way: scored, and its outputs confirmed by edgeHub. */
export class MessageHandler {
  readonly #options: MessageHandlerOptions;

  constructor(options: MessageHandlerOptions) {
    this.#options = options;
  }

  /** Scores a message and sends its outputs. Never rejects. */
  handle(message: InputMessage): Promise<Handled> {
    const { scorer, signal } = this.#options;
    return this.#settle(message, (trace) => scorer.score(message, signal, trace));
  }

  /** Sends a message to the error output without trying to score it. Never rejects. */
  reject(message: InputMessage, error: unknown): Promise<Handled> {
    return this.#settle(message, () => Promise.resolve(this.#options.scorer.reject(message, error)));
  }

  /** Sends outputs that were made elsewhere. Never rejects. */
  async answer(message: InputMessage, outputs: readonly OutputMessage[]): Promise<Handled> {
    try {
      const sent = await this.#send(message, { outputs });
      if (sent.error !== undefined) this.#noteRejection(message, sent.error);
      return 'confirmed';
    } catch (error) {
      return this.#release(message, messageOf(error));
    }
  }

  async #settle(
    message: InputMessage,
    score: (trace: MessageTrace | undefined) => Promise<ScoredMessage | undefined>,
  ): Promise<Handled> {
    const { counters, logger, tracing } = this.#options;
    const started = performance.now();
    const trace = MessageTrace.begin(tracing, message);
    let failure: unknown;
    try {
      const scored = await score(trace);
      if (scored === undefined) return this.#release(message, 'the module closes');
      if (scored.outputs.length === 0) return 'confirmed';
      const sent = await this.#send(message, scored, trace);
      failure = sent.error;
      if (sent.error === undefined) counters.scored(message.inputName, performance.now() - started);
      else this.#noteRejection(message, sent.error);
      return 'confirmed';
    } catch (error) {
      if (codeOf(error) === 'HubTimeout') this.#options.outbox.reconnect('edgeHub does not confirm outputs');
      logger.debug({ err: error, ...traceOf(message) }, 'a message is let go');
      failure = error;
      return this.#release(message, messageOf(error));
    } finally {
      trace?.end(failure);
    }
  }

  async #send(message: InputMessage, scored: ScoredMessage, trace?: MessageTrace): Promise<ScoredMessage> {
    const { outbox, counters, scorer } = this.#options;
    const started = performance.now();
    const sending = trace?.send(scored.outputs);
    try {
      await outbox.send(sending?.outputs ?? scored.outputs);
      sending?.span.end();
    } catch (error) {
      sending?.span.end(error);
      if (codeOf(error) !== 'OutputTooLarge') throw error;
      // the reason why the result is too large; and when that is too large as well, without what the input brought along
      const isResult = scored.error === undefined;
      return this.#send(message, scorer.reject(message, isResult ? error : scored.error, !isResult), trace);
    }
    counters.stage('send', performance.now() - started);
    return scored;
  }

  #noteRejection(message: InputMessage, error: unknown): void {
    const { counters, logger } = this.#options;
    const code = codeOf(error);
    counters.rejected(message.inputName, code);
    logger.warn(
      {
        code,
        reason: messageOf(error),
        inputName: message.inputName,
        ...traceOf(message),
      },
      'a message went to the error output',
    );
    this.#options.onRejected(error);
  }

  #release(message: InputMessage, reason: string): Handled {
    this.#options.counters.released(message.inputName);
    this.#options.logger.debug({ ...traceOf(message), reason }, 'a message will come again');
    return 'released';
  }
}

function codeOf(error: unknown): string {
  return isEdgewrightError(error) ? error.code : 'ScoringFailed';
}

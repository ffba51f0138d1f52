import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isEdgewrightError, messageOf } from '@edgewright/contract';
import { confidenceOf } from '@edgewright/engine';
import type { Engine, ScoreResult } from '@edgewright/engine';
import { acceleratorCall } from '@edgewright/telemetry';
import type { Logger, ScoringMetrics } from '@edgewright/telemetry';
import type { CloudFallback } from '../fallback/cloud-fallback.ts';
import { fallbackReasonOf } from '../fallback/fallback-settings.ts';
import type { ScorerSettings } from '../scorer-settings.ts';
import { composeError, composeResults, scoringModelOf } from './compose-outputs.ts';
import { decodeBody } from './decode-body.ts';
import type { EdgeCounters } from './edge-counters.ts';
import type { MessageTrace } from './message-trace.ts';
import { traceOf } from './input-message.ts';
import type { InputMessage } from './input-message.ts';
import { redeliveryKey } from './redelivery-key.ts';
import type { OutputMessage } from './output-message.ts';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/** What is to be sent for a message; nothing when the cloud sees to it. */
export interface ScoredMessage {
  readonly outputs: readonly OutputMessage[];
  /** Why the message went to the error output; absent for a result. */
  readonly error?: unknown;
}

/** Who watches how the model does. */
export interface ScoringObserver {
  /** A message was scored; `data` is its body. */
  scored(result: ScoreResult, data: unknown): void;
  failed(): void;
}

export interface MessageScorerOptions {
  readonly engine: Engine;
  readonly fallback: CloudFallback;
  readonly observer: ScoringObserver;
  readonly settings: () => ScorerSettings;
  readonly counters: EdgeCounters;
  readonly scoringMetrics: ScoringMetrics;
  readonly logger: Logger;
}

/** Makes outputs of messages: reads the body, scores it, writes the result or the reason why there is none. */
export class MessageScorer {
  readonly #options: MessageScorerOptions;

  constructor(options: MessageScorerOptions) {
    this.#options = options;
  }

  /**
   * @returns what to send; undefined when the message must be let go, because the engine or the module closes
   */
  async score(message: InputMessage, signal: AbortSignal, trace?: MessageTrace): Promise<ScoredMessage | undefined> {
    if (signal.aborted) return undefined;
    const requestId = message.correlationId ?? message.messageId ?? randomUUID();
    const { counters, settings } = this.#options;
    try {
      const started = performance.now();
      const data = decodeBody(message, settings().limits.bodyBytes);
      const decoded = performance.now();
      const result = await acceleratorCall(trace?.span, this.#options.engine.describe().backend, () =>
        this.#scoreWithRetries(message, { data, requestId, signal }),
      );
      const scored = performance.now();
      const names = settings().outputsOf(message.inputName);
      const outputs = composeResults(message, result, names);
      this.#askForMore(message, result);
      counters.stage('decode', decoded - started);
      counters.stage('score', scored - decoded);
      const encoded = performance.now();
      counters.stage('encode', encoded - scored);
      if (trace !== undefined) {
        trace.stage('decode', started, decoded);
        trace.stage('run', decoded, scored);
        trace.stage('encode', scored, encoded);
        trace.scored(requestId, data, result);
      }
      return { outputs };
    } catch (error) {
      if (signal.aborted || codeOf(error) === 'EngineClosed') return undefined;
      if (this.#handOver(message, error)) return { outputs: [] };
      return this.reject(message, error);
    }
  }

  /**
   * Writes the message for the error output.
   *
   * @param bare leaves out what the input brought along
   */
  reject(message: InputMessage, error: unknown, bare = false): ScoredMessage {
    const { engine, settings } = this.#options;
    const model = scoringModelOf(engine.describe());
    const names = settings().outputsOf(message.inputName);
    return { outputs: [composeError(message, error, { model, names, bare })], error };
  }

  /** The cloud scores it once more when the edge is not sure. */
  #askForMore(message: InputMessage, result: ScoreResult): void {
    const { fallback } = this.#options;
    const wanted = fallback.settings?.confidence;
    if (wanted === undefined) return;
    const confidence = confidenceOf(result.value, wanted.pointer);
    if (confidence !== undefined && confidence < wanted.below) {
      fallback.park(message, redeliveryKey(message), { reason: 'confidence' });
    }
  }

  /** @returns true when the cloud sees to it from now on */
  #handOver(message: InputMessage, error: unknown): boolean {
    const { fallback } = this.#options;
    const code = codeOf(error);
    const reason = fallbackReasonOf(code);
    if (reason === undefined || !fallback.takes(reason)) return false;
    return fallback.park(message, redeliveryKey(message), { reason, code, text: messageOf(error).slice(0, 500) });
  }

  async #scoreWithRetries(
    message: InputMessage,
    request: { readonly data: unknown; readonly requestId: string; readonly signal: AbortSignal },
  ): Promise<ScoreResult> {
    const { engine, settings, scoringMetrics, counters, logger, observer, fallback } = this.#options;
    const { timeoutMs, maxAttempts } = settings().limits;
    const deadline = performance.now() + timeoutMs;
    let pauseMs = FIRST_PAUSE_MS;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const remainingMs = Math.max(1, Math.floor(deadline - performance.now()));
        const result = await engine.score({ ...request, ...namesOf(message), timeoutMs: remainingMs });
        scoringMetrics.record({ host: 'edge', outcome: 'ok', timings: result.timings });
        observer.scored(result, request.data);
        return result;
      } catch (error) {
        const code = codeOf(error);
        scoringMetrics.record({ host: 'edge', outcome: code });
        if (request.signal.aborted || code === 'EngineClosed') throw error;
        // a full queue says nothing about the message: it is tried again as long as there is time
        const isLastAttempt = code === 'QueueFull' ? fallback.takes('queueFull') : attempt >= maxAttempts;
        if (!isPassing(error) || isLastAttempt || performance.now() + pauseMs > deadline) {
          observer.failed();
          throw error;
        }
        counters.retried(message.inputName);
        logger.warn(
          { ...traceOf(message), requestId: request.requestId, attempt, code, reason: messageOf(error) },
          'scoring is tried again',
        );
        await sleep(pauseMs, undefined, { signal: request.signal });
        pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
      }
    }
  }
}

/** A correlation id may be that of many messages. */
function namesOf({ messageId, correlationId }: InputMessage) {
  return {
    ...(messageId === undefined ? {} : { messageId }),
    ...(correlationId === undefined ? {} : { correlationId }),
  };
}

/** True for failures that another try may not have: those of machines, save for a deadline that has passed. */
function isPassing(error: unknown): boolean {
  if (!isEdgewrightError(error)) return true;
  return error.fault !== 'user' && error.code !== 'ScoringTimeout' && error.code !== 'EngineClosed';
}

function codeOf(error: unknown): string {
  return isEdgewrightError(error) ? error.code : 'ScoringFailed';
}

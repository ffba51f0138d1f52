import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { messageOf } from '@edgewright/contract';
import { TelemetryError } from '../telemetry-error.ts';
import type { Envelope } from './envelope.ts';

const ATTEMPTS = 3;
const ATTEMPT_MS = 4_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 2_000;
/** Statuses, of an answer or of one item in it, after which another try may succeed. 439 is a quota of the day. */
const PASSING = new Set([401, 403, 408, 429, 439, 500, 502, 503, 504]);

interface TrackAnswer {
  readonly itemsReceived?: number;
  readonly itemsAccepted?: number;
  readonly errors?: readonly { readonly index?: number; readonly statusCode?: number; readonly message?: string }[];
}

const compress = promisify(gzip);

/** Sends envelopes to the ingestion of Application Insights, `POST /v2.1/track`, and again what it could not take now. */
export class TrackClient {
  readonly #url: string;
  readonly #firstPauseMs: number;

  /** @param firstPauseMs before the second try; each later pause is twice as long */
  constructor(ingestionEndpoint: string, firstPauseMs = FIRST_PAUSE_MS) {
    this.#url = `${ingestionEndpoint}/v2.1/track`;
    this.#firstPauseMs = firstPauseMs;
  }

  /** @throws TelemetryError `TelemetryNotTaken` when some are lost */
  async send(envelopes: readonly Envelope[]): Promise<void> {
    let waiting = envelopes;
    let lost = 0;
    let reason = '';
    for (let attempt = 1, pauseMs = this.#firstPauseMs; waiting.length > 0; attempt += 1, pauseMs *= 2) {
      const answer = await this.#post(waiting);
      lost += answer.refused;
      reason = answer.reason ?? reason;
      waiting = answer.again;
      if (waiting.length === 0) break;
      if (attempt === ATTEMPTS) {
        lost += waiting.length;
        break;
      }
      await sleep(Math.min(answer.pauseMs ?? pauseMs, LONGEST_PAUSE_MS), undefined, { ref: false });
    }
    if (lost === 0) return;
    const host = new URL(this.#url).host;
    throw new TelemetryError(
      'TelemetryNotTaken',
      `Application Insights at ${host} did not take ${lost} items: ${reason}`,
      {
        details: { host, lost, reason },
      },
    );
  }

  async #post(envelopes: readonly Envelope[]): Promise<Outcome> {
    try {
      const response = await fetch(this.#url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
        body: await compress(JSON.stringify(envelopes)),
        signal: AbortSignal.timeout(ATTEMPT_MS),
      });
      const answer = parseAnswer(await response.text());
      return outcomeOf(envelopes, response, answer);
    } catch (cause) {
      const reason = messageOf(cause instanceof TypeError && cause.cause !== undefined ? cause.cause : cause);
      return { again: envelopes, refused: 0, reason };
    }
  }
}

interface Outcome {
  readonly again: readonly Envelope[];
  readonly refused: number;
  readonly reason?: string;
  readonly pauseMs?: number;
}

function outcomeOf(
  envelopes: readonly Envelope[],
  { status, headers }: Response,
  { errors = [] }: TrackAnswer,
): Outcome {
  if (status === 200) return { again: [], refused: 0 };
  const first = errors[0]?.message;
  const reason = `status ${status}${first === undefined ? '' : `, ${first.slice(0, 300)}`}`;
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  const pause = Number.isFinite(seconds) ? { pauseMs: seconds * 1000 } : {};
  if (status !== 206) {
    const passes = PASSING.has(status);
    return { again: passes ? envelopes : [], refused: passes ? 0 : envelopes.length, reason, ...pause };
  }
  const again = errors
    .filter(({ statusCode = 0 }) => PASSING.has(statusCode))
    .flatMap(({ index = -1 }) => envelopes[index] ?? []);
  return { again, refused: errors.length - again.length, reason, ...pause };
}

function parseAnswer(text: string): TrackAnswer {
  try {
    return (JSON.parse(text) as TrackAnswer | null) ?? {};
  } catch {
    return {};
  }
}

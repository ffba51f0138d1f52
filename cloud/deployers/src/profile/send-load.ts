import { Agent, request } from 'node:http';
import type { Address } from '../containers/port-gate.ts';

/** Requests that are sent one after another by some callers at once. */
export interface LoadOptions {
  readonly address: Address;
  /** Bodies, taken in turn. */
  readonly bodies: readonly (string | Uint8Array)[];
  readonly contentType: string;
  readonly callers: number;
  /** No request begins after it. */
  readonly forMs: number;
  /** But so many are sent, if `signal` lets them. */
  readonly atLeast: number;
  readonly atMost: number;
  /** Ends all at once; requests under way count as failed. */
  readonly signal: AbortSignal;
}

/** What came of a load. */
export interface LoadResult {
  /** Latencies of the requests that were answered with 2xx, ascending. */
  readonly latenciesMs: readonly number[];
  readonly failed: number;
  /** What the first that failed was answered. */
  readonly failure?: string;
  readonly elapsedMs: number;
}

const KEPT_CHARACTERS = 500;

/** Sends requests and measures how long their whole answers take. */
export async function sendLoad(options: LoadOptions): Promise<LoadResult> {
  const { callers, forMs, atLeast, atMost, bodies, signal } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: callers });
  const latenciesMs: number[] = [];
  let failed = 0;
  let failure: string | undefined;
  let begun = 0;
  const start = performance.now();
  const isWanted = (): boolean =>
    !signal.aborted && begun < atMost && (begun < atLeast || performance.now() - start < forMs);
  const caller = async (): Promise<void> => {
    while (isWanted()) {
      const body = bodies[begun % bodies.length] ?? '';
      begun += 1;
      const from = performance.now();
      const answer = await ask(options, body, agent);
      if (answer === undefined) latenciesMs.push(performance.now() - from);
      else {
        failed += 1;
        failure ??= answer;
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: callers }, caller));
  } finally {
    agent.destroy();
  }
  latenciesMs.sort((a, b) => a - b);
  const elapsedMs = performance.now() - start;
  return { latenciesMs, failed, elapsedMs, ...(failure === undefined ? {} : { failure }) };
}

/** @returns why it failed; undefined when it did not */
async function ask(
  { address, contentType, signal }: LoadOptions,
  body: string | Uint8Array,
  agent: Agent,
): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const headers = { 'content-type': contentType, 'content-length': Buffer.byteLength(body) };
    const call = request({ ...address, path: '/score', method: 'POST', headers, agent, signal }, (response) => {
      const { statusCode = 0 } = response;
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        if (text.length < KEPT_CHARACTERS) text += chunk;
      });
      response.on('error', (error) => resolve(error.message));
      response.on('end', () => {
        const isFine = statusCode >= 200 && statusCode < 300;
        resolve(isFine ? undefined : `${statusCode}: ${text.slice(0, KEPT_CHARACTERS)}`);
      });
    });
    call.on('error', (error) => resolve(error.message));
    call.end(body);
  });
}

/** The value below which a share of ascending values lies, by the nearest rank; undefined when there are none. */
export function percentile(ascending: readonly number[], share: number): number | undefined {
  return ascending[Math.max(0, Math.ceil(share * ascending.length) - 1)];
}

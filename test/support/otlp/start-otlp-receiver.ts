import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** A span as it arrived, with times in nanoseconds since 1970 as digits. */
export interface ReceivedSpan {
  readonly name: string;
  readonly kind: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly startNs: string;
  readonly endNs: string;
  readonly status: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly { readonly name: string; readonly attributes: Readonly<Record<string, unknown>> }[];
  readonly resource: Readonly<Record<string, unknown>>;
}

/** A log record as it arrived. */
export interface ReceivedLog {
  readonly body: unknown;
  readonly severity: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** One figure of a metric as it arrived. */
export interface ReceivedPoint {
  readonly name: string;
  readonly kind: 'sum' | 'gauge';
  readonly value: number;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface OtlpReceiver {
  /** What `OTEL_EXPORTER_OTLP_ENDPOINT` is to be. */
  readonly endpoint: string;
  readonly spans: readonly ReceivedSpan[];
  readonly logs: readonly ReceivedLog[];
  readonly points: readonly ReceivedPoint[];
}

type Received =
  | ({ readonly signal: 'span' } & ReceivedSpan)
  | ({ readonly signal: 'log' } & ReceivedLog)
  | ({ readonly signal: 'metric' } & ReceivedPoint);

const program = fileURLToPath(new URL('receiver.py', import.meta.url));

/**
 * Starts a receiver of spans, logs and metrics for one test.
 *
 * @param python the interpreter, of `need(context, 'python-otlp')`
 */
export async function startOtlpReceiver(python: string): Promise<OtlpReceiver> {
  const child = spawn(python, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  });
  const lines = createInterface({ input: child.stdout });
  const [first] = (await once(lines, 'line')) as [string];
  const { port } = JSON.parse(first) as { port: number };
  const spans: ReceivedSpan[] = [];
  const logs: ReceivedLog[] = [];
  const points: ReceivedPoint[] = [];
  lines.on('line', (line) => {
    const received = JSON.parse(line) as Received;
    if (received.signal === 'span') spans.push(received);
    else if (received.signal === 'log') logs.push(received);
    else points.push(received);
  });
  return { endpoint: `http://127.0.0.1:${port}`, spans, logs, points };
}

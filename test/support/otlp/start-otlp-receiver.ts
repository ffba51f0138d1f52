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
  readonly resource: Readonly<Record<string, unknown>>;
}

export interface OtlpReceiver {
  /** What `OTEL_EXPORTER_OTLP_ENDPOINT` is to be. */
  readonly endpoint: string;
  readonly spans: readonly ReceivedSpan[];
}

const program = fileURLToPath(new URL('receiver.py', import.meta.url));

/**
 * Starts a receiver of spans for one test.
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
  lines.on('line', (line) => spans.push(JSON.parse(line) as ReceivedSpan));
  return { endpoint: `http://127.0.0.1:${port}`, spans };
}

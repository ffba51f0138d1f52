import { Writable } from 'node:stream';
import { createLogger, createMetrics } from '@edgewright/telemetry';
import { serveScoring } from '@edgewright/web';
import type { ScoringServer, ServeScoringOptions } from '@edgewright/web';
import { onTestFinished } from 'vitest';
import { testEngine } from './engine-fixture.ts';
import type { TestEngineOptions } from './engine-fixture.ts';
import { affineOnnx } from './tiny-models.ts';

/** A REST host over an engine, closed when the test is over, and the lines that it logged. */
export interface WebServer extends ScoringServer {
  readonly lines: Record<string, unknown>[];
}

/** Serves the affine model, or what the options say, inline unless they say otherwise. */
export async function webServer(
  engineOptions: TestEngineOptions = {},
  options: Partial<ServeScoringOptions> = {},
): Promise<WebServer> {
  const lines: Record<string, unknown>[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  const engine = await testEngine({ onnx: affineOnnx(), execution: 'inline', ...engineOptions });
  const server = await serveScoring({
    engine,
    host: '127.0.0.1',
    port: 0,
    logger: createLogger({ level: 'debug', name: 'test', destination }),
    metrics: createMetrics({ prefix: 'edgewright', process: false }),
    ...options,
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return Object.assign(server, { lines });
}

import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger, createMetrics } from '@edgewright/telemetry';
import { expect, it, onTestFinished } from 'vitest';
import { createStubEngine } from '../../../../test/support/stub-engine.ts';
import { serveScoring } from '../serve-scoring.ts';
import { routeRequests } from './route-requests.ts';

it('answers each request under overload: it scores it, or refuses it with 503 and Retry-After', async () => {
  const engine = createStubEngine(async (data) => {
    await sleep(20);
    return data;
  });
  const server = await serveScoring({
    engine: routeRequests(engine, { service: 's', maxConcurrentRequests: 4, maxQueueWaitMs: 40 }),
    host: '127.0.0.1',
    port: 0,
    logger: createLogger({ level: 'silent', name: 'test' }),
    metrics: createMetrics({ prefix: 'edgewright', process: false }),
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  const outcomes = new Map<string, number>();
  const caller = async (): Promise<void> => {
    for (let i = 0; i < 8; i += 1) {
      const response = await fetch(`${server.url}/score`, { method: 'POST', body: '{"data":1}' });
      const { message = 'scored' } = (await response.json()) as { message?: string };
      const outcome = `${response.status} ${response.headers.get('retry-after')} ${message}`;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: 24 }, caller));
  expect([...outcomes.keys()].toSorted()).toEqual([
    '200 null scored',
    '503 1 Too many requests for service s (overloaded)',
  ]);
  expect([...outcomes.values()].reduce((sum, count) => sum + count, 0)).toBe(24 * 8);
});

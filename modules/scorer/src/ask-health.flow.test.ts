import { createMetrics, HealthBoard } from '@edgewright/telemetry';
import { expect, it } from 'vitest';
import { askHealth } from './ask-health.ts';
import { serveMetrics } from './serve-metrics.ts';

it('says what is wrong, and that nobody answers', async () => {
  const health = new HealthBoard();
  const metrics = createMetrics({ prefix: 'test', process: false });
  const server = await serveMetrics(metrics, health, { host: '127.0.0.1', port: 0 });
  expect(await askHealth(server.port)).toEqual({ isHealthy: true, text: '{"status":"Healthy","problems":{}}' });
  health.set('edgeHub', 'gone');
  expect(await askHealth(server.port)).toEqual({
    isHealthy: false,
    text: '{"status":"Unhealthy","problems":{"edgeHub":"gone"}}',
  });
  health.set('edgeHub', undefined);
  expect((await askHealth(server.port)).isHealthy).toBe(true);
  await server[Symbol.asyncDispose]();
  expect(await askHealth(server.port)).toMatchObject({ isHealthy: false });
});

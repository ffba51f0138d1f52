import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import autocannon from 'autocannon';
import { DataCollector } from '@edgewright/collection';
import { createEngine } from '@edgewright/engine';
import { createLogger, createMetrics } from '@edgewright/telemetry';
import { serveScoring } from '@edgewright/web';
import { writeModels } from './engine/models.ts';
import type { Bench, Metric, Sample } from './harness.ts';

/** Requests that are under way at once. */
const CONNECTIONS = 16;
const SECONDS = 5;
const body = JSON.stringify({ data: [[59, 2, 32.1, 101, 157, 93.2, 38, 4, 4.8598, 87]] });

const metrics: readonly Metric[] = [
  { metric: 'requests', unit: '1/s', better: 'larger', goal: 0.95 },
  { metric: 'p99', unit: 'ms', better: 'smaller', goal: 0.95 },
];

/** A service of the diabetes model that keeps every request, against the same service that keeps none. */
export async function collectionBench(): Promise<Bench> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'edgewright-bench-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const logger = createLogger({ level: 'silent', name: 'bench' });
  const { diabetes } = await writeModels(folder);
  const model = { name: 'diabetes', version: 1, path: diabetes.path, format: 'onnx' as const };
  const engine = cleanup.use(await createEngine({ models: [model], modelDirectory: folder, backend: 'onnx' }));
  const owner = { subscription: 'local', resourceGroup: 'local', workspace: 'local', service: 'bench' };
  const figures = createMetrics({ prefix: 'ours', process: false });
  const collector = cleanup.use(
    new DataCollector({ host: { owner, stateDirectory: folder }, metrics: figures, logger }),
  );
  await collector.configure({ folder: path.join(folder, 'collected') });
  const serve = async (served: typeof engine) =>
    cleanup.use(
      await serveScoring({
        engine: served,
        host: '127.0.0.1',
        port: 0,
        logger,
        metrics: createMetrics({ prefix: 'bench', process: false }),
      }),
    );
  const ours = await serve(collector.observing(engine, 'web'));
  const baseline = await serve(engine);
  const closing = cleanup.move();
  return {
    comparisons: [
      {
        metrics,
        ours: async () => {
          const before = collector.totals;
          const sample = await load(ours.url);
          const lost = Object.values(collector.totals.dropped).reduce((sum, count) => sum + count, 0);
          if (lost > 0 || collector.totals.collected === before.collected) {
            throw new TypeError(
              `a measurement in which data were lost says nothing: ${JSON.stringify(collector.totals)}`,
            );
          }
          return sample;
        },
        baseline: () => load(baseline.url),
      },
    ],
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

async function load(url: string): Promise<Sample> {
  const result = await autocannon({
    url: `${url}/score`,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    connections: CONNECTIONS,
    duration: SECONDS,
  });
  if (result.non2xx > 0 || result.errors > 0) throw new TypeError(`${result.non2xx + result.errors} requests failed`);
  return { requests: result.requests.average, p99: result.latency.p99 };
}

import { ModelSlot, runEdgeModule } from '@edgewright/edge';
import type { EdgeModuleOptions, EdgeSettings, TuneDevice } from '@edgewright/edge';
import type { Engine } from '@edgewright/engine';
import { createLogger, createMetrics, createScoringMetrics } from '@edgewright/telemetry';
import { ModuleClient } from 'azure-iot-device';
import { onTestFinished } from 'vitest';
import { createStubEngine } from './stub-engine.ts';
import type { StubScore } from './stub-engine.ts';
import { TestHub } from './test-hub.ts';

/** What a test says of its module; the rest has defaults. */
export interface StartEdgeModuleOptions {
  /** Default: a new one. */
  readonly hub?: TestHub;
  readonly score?: StubScore;
  /** In place of the stub. */
  readonly engine?: Engine;
  readonly drift?: NonNullable<EdgeModuleOptions['drift']>;
  readonly settings?: Partial<EdgeSettings>;
  readonly stateDirectory?: string;
  readonly fallbackKey?: () => Promise<string>;
  readonly tune?: TuneDevice;
  readonly prepare?: (hub: TestHub) => void | Promise<void>;
}

const image = { swap: { models: [], modelDirectory: '/models' }, digests: new Map<string, string>() };

/** An edge module, with a stub for an engine unless one is given, at a hub of its own; both end with the test. */
export async function startEdgeModule({
  score,
  engine,
  drift,
  settings,
  stateDirectory,
  prepare,
  fallbackKey,
  tune,
  hub: given,
}: StartEdgeModuleOptions = {}) {
  const hub = given ?? (await TestHub.start());
  await prepare?.(hub);
  const stop = new AbortController();
  const logger = createLogger({ level: 'silent', name: 'test' });
  const metrics = createMetrics({ prefix: 'test', process: false });
  const ended = runEdgeModule({
    engine: engine ?? createStubEngine(score),
    logger,
    models: await ModelSlot.open({ image, stateDirectory, logger }),
    metrics,
    scoringMetrics: createScoringMetrics(metrics),
    signal: stop.signal,
    createClient: async (transport) => {
      const client = ModuleClient.fromConnectionString(hub.connectionString, transport);
      await client.setOptions({ ca: hub.ca });
      return client;
    },
    ...(settings === undefined ? {} : { settings }),
    ...(drift === undefined ? {} : { drift }),
    ...(stateDirectory === undefined ? {} : { stateDirectory }),
    ...(fallbackKey === undefined ? {} : { fallbackKey }),
    ...(tune === undefined ? {} : { tune }),
  });
  onTestFinished(async () => {
    stop.abort();
    await ended.catch(() => {});
    await hub[Symbol.asyncDispose]();
  });
  const reported = () => Object.assign({}, ...hub.reported) as Record<string, unknown>;
  return { hub, stop, ended, metrics, reported };
}

import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Comparison } from '../harness.ts';
import { inputOf } from './models.ts';
import type { BenchModels } from './models.ts';
import { RawSession } from './raw-session.ts';
import { openEngine } from './throughput.ts';

const METRIC = 'slow model: event-loop delay p99';
const RUNS = 60;
const CALLERS = 4;

/** How long the host's thread is held while a model of some 35 ms runs all the time. */
export function eventLoopComparison({ slow }: BenchModels): Comparison {
  return {
    metrics: [{ metric: METRIC, unit: 'ms', better: 'smaller', limit: { of: 'ours', atMost: 5 } }],
    rounds: 3,
    ours: async () => {
      await using engine = await openEngine(slow, { threads: 1 });
      return { [METRIC]: await delayDuring(() => engine.infer({ requestId: 'bench', inputs: inputOf(slow) })) };
    },
    baseline: async () => {
      await using session = await RawSession.open(slow);
      return { [METRIC]: await delayDuring(() => session.run()) };
    },
  };
}

/** @returns milliseconds: the 99th percentile of how late a timer of 1 ms was */
async function delayDuring(run: () => Promise<unknown>): Promise<number> {
  await run();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  let begun = 0;
  await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      while (begun < RUNS) {
        begun += 1;
        await run();
      }
    }),
  );
  delay.disable();
  return delay.percentile(99) / 1e6;
}

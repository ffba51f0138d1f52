import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { coldStartComparisons } from './engine/cold-start.ts';
import { decodeComparisons } from './engine/decode.ts';
import { eventLoopComparison } from './engine/event-loop.ts';
import { writeModels } from './engine/models.ts';
import { throughputComparisons } from './engine/throughput.ts';
import { webAssemblyComparisons } from './engine/web-assembly.ts';
import type { Bench, Comparison } from './harness.ts';

/** The engine against the bare runtime: `session.run` of onnxruntime-node with as many threads. */
export async function engineBench(): Promise<Bench> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'edgewright-bench-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const models = await writeModels(folder);
  const comparisons: Comparison[] = [
    ...throughputComparisons(models),
    eventLoopComparison(models),
    ...decodeComparisons(),
    ...webAssemblyComparisons(models),
    ...(await coldStartComparisons(models, cleanup)),
  ];
  const closing = cleanup.move();
  return { comparisons, [Symbol.asyncDispose]: () => closing.disposeAsync() };
}

import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { faceComparison } from './batch/faces.ts';
import { memoryComparison } from './batch/memory.ts';
import { pythonComparison, rowsComparison } from './batch/rows.ts';
import { BatchStation } from './batch/station.ts';
import { writeModels } from './engine/models.ts';
import type { Bench } from './harness.ts';

/** Batch jobs, from the CLI's engine on: their processes start, plan, score, write and merge within what is measured. */
export async function batchBench(): Promise<Bench> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'edgewright-bench-batch-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const models = await writeModels(folder);
  const station = new BatchStation(folder);
  const comparisons = [
    await rowsComparison(station, models.diabetes),
    ...(await pythonComparison(station, models.diabetes)),
    await faceComparison(station, models.vision),
    await memoryComparison(station, models.diabetes),
  ];
  const closing = cleanup.move();
  return { comparisons, [Symbol.asyncDispose]: () => closing.disposeAsync() };
}

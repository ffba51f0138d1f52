import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { BenchModel } from '../engine/models.ts';
import type { Comparison } from '../harness.ts';
import type { BatchStation } from './station.ts';
import { FEATURES, writeTable } from './write-table.ts';

/** Gigabytes of CSV; the project's figure is for 5. */
const LARGE_GB = Number(process.env['EDGEWRIGHT_BENCH_LARGE_GB'] ?? 0.5);
const SMALL_GB = LARGE_GB / 10;
/** Of all processes of the job together: noise of two runs of the same size. */
const MORE_MIB = 150;

/** Memory of a job on a large table against one on a tenth of it. */
export async function memoryComparison(station: BatchStation, model: BenchModel): Promise<Comparison> {
  const metric = `memory on ${LARGE_GB} GB of CSV, against a tenth of it`;
  const app = await station.appOf(model);
  const peak = async (gigabytes: number): Promise<number> => {
    const file = path.join(station.folder, 'large.csv');
    const rows = await writeTable(file, gigabytes * 1e9);
    const done = await station.run(app, { inputs: [file], columns: [...FEATURES] });
    if (done.progress.succeededItems !== rows) throw new TypeError(`${done.progress.succeededItems} of ${rows} rows`);
    await Promise.all([station.forget(done), rm(file)]);
    return done.peakMiB;
  };
  return {
    metrics: [{ metric, unit: 'MiB', better: 'smaller', limit: { of: 'difference', atMost: MORE_MIB } }],
    rounds: 1,
    ours: async () => ({ [metric]: await peak(LARGE_GB) }),
    baseline: async () => ({ [metric]: await peak(SMALL_GB) }),
  };
}

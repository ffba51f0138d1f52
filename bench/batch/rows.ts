import { execFile } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { pythonEnvironment } from '../../test/support/python-environment.ts';
import type { BenchModel } from '../engine/models.ts';
import type { Comparison } from '../harness.ts';
import type { BatchStation } from './station.ts';
import { FEATURES, writeTable } from './write-table.ts';

const run = promisify(execFile);
/** Megabytes of CSV; a row has about 130 bytes. */
const SIZE_MB = Number(process.env['EDGEWRIGHT_BENCH_TABLE_MB'] ?? 100);
const GOAL = 3;
const ROUNDS = 3;

/** Rows a second of the diabetes model: a job against a loop that reads the rows, runs the model on each and writes its result. */
export async function rowsComparison(station: BatchStation, model: BenchModel): Promise<Comparison> {
  const metric = 'diabetes: a job, against a loop over session.run';
  const { file, rows, app } = await tableFor(station, model);
  return {
    metrics: [{ metric, unit: 'rows/s', better: 'larger', goal: GOAL }],
    rounds: ROUNDS,
    ours: async () => ({ [metric]: rows / (await jobSeconds(station, app, file)) }),
    baseline: async () => {
      const start = performance.now();
      const scored = await plainLoop(model, file, path.join(station.folder, 'loop.jsonl'));
      if (scored !== rows) throw new TypeError(`the loop scored ${scored} of ${rows} rows`);
      return { [metric]: (rows / (performance.now() - start)) * 1000 };
    },
  };
}

/** The same against Python: pandas in chunks, onnxruntime on each chunk, CSV out. */
export async function pythonComparison(station: BatchStation, model: BenchModel): Promise<Comparison[]> {
  const python = await pythonEnvironment('pandas/requirements.txt');
  if (typeof python === 'string') {
    process.stderr.write(`batch: without Python: ${python}\n`);
    return [];
  }
  const metric = 'diabetes: a job, against pandas and onnxruntime';
  const { file, rows, app } = await tableFor(station, model);
  const program = fileURLToPath(new URL('pandas-batch.py', import.meta.url));
  return [
    {
      metrics: [{ metric, unit: 'rows/s', better: 'larger' }],
      rounds: ROUNDS,
      ours: async () => ({ [metric]: rows / (await jobSeconds(station, app, file)) }),
      baseline: async () => {
        const start = performance.now();
        const { stdout } = await run(python.executable, [
          program,
          model.path,
          file,
          path.join(station.folder, 'python.csv'),
        ]);
        if (Number(stdout) !== rows) throw new TypeError(`Python scored ${stdout} of ${rows} rows`);
        return { [metric]: (rows / (performance.now() - start)) * 1000 };
      },
    },
  ];
}

async function jobSeconds(station: BatchStation, app: string, file: string): Promise<number> {
  const done = await station.run(app, { inputs: [file], columns: [...FEATURES] });
  await station.forget(done);
  return done.seconds;
}

let table: Promise<{ file: string; rows: number; app: string }> | undefined;

/** Written once. */
function tableFor(station: BatchStation, model: BenchModel): Promise<{ file: string; rows: number; app: string }> {
  table ??= (async () => {
    const file = path.join(station.folder, 'table.csv');
    return { file, rows: await writeTable(file, SIZE_MB * 1e6), app: await station.appOf(model) };
  })();
  return table;
}

/** What one writes without a batch system: no keys, no resuming, nothing of what fails. */
async function plainLoop(model: BenchModel, from: string, to: string): Promise<number> {
  const session = await InferenceSession.create(model.path, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const output = createWriteStream(to);
  let rows = -1;
  for await (const line of createInterface({ input: createReadStream(from), crlfDelay: Infinity })) {
    rows += 1;
    if (rows === 0) continue;
    const features = Float32Array.from(line.split(',').slice(0, FEATURES.length), Number);
    const { progression } = await session.run({ features: new Tensor('float32', features, [1, FEATURES.length]) });
    if (!output.write(`${JSON.stringify({ row: rows - 1, result: progression?.data[0] })}\n`)) {
      await new Promise<void>((resolve) => output.once('drain', () => resolve()));
    }
  }
  output.end();
  await finished(output);
  await session.release();
  return rows;
}

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bundleWithEngine } from '@edgewright/packager';
import type { Comparison, Sample } from '../harness.ts';
import type { BenchModel, BenchModels } from './models.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const TIMEOUT_MS = 60_000;

/** What a program of `cold-start-program.ts` prints. */
interface Started {
  /** From the start of the process until the first answer. */
  readonly ms: number;
  /** Resident, in mebibytes, of the process and its children, after some answers. */
  readonly mebibytes: number;
}

/** Time to the first answer and memory, each in a process of its own, of programs bundled as images have them. */
export async function coldStartComparisons(
  { vision, diabetes }: BenchModels,
  cleanup: AsyncDisposableStack,
): Promise<Comparison[]> {
  const program = await bundlePrograms(cleanup);
  const start = async (model: BenchModel, kind: 'raw' | 'engine', workers: number): Promise<Started> => {
    const words = [program, kind, model.path, model.input, model.shape.join(), String(workers)];
    // a device starts without what was compiled before
    const env = { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' };
    const { stdout } = await run(process.execPath, words, { timeout: TIMEOUT_MS, env });
    return JSON.parse(stdout) as Started;
  };
  const cold = [diabetes, vision].map((model) => {
    const metric = `${model.title}: cold start`;
    const measure = async (kind: 'raw' | 'engine'): Promise<Sample> => ({ [metric]: (await start(model, kind, 1)).ms });
    return comparison({ metric, unit: 'ms', atMost: 150 }, measure);
  });
  const memory = [1, 4].map((workers) => {
    const metric = `${vision.title}: memory, ${workers === 1 ? 'one worker' : `${workers} workers`}`;
    const measure = async (kind: 'raw' | 'engine'): Promise<Sample> => ({
      [metric]: (await start(vision, kind, workers)).mebibytes,
    });
    return comparison({ metric, unit: 'MiB' }, measure);
  });
  return [...cold, ...memory];
}

function comparison(
  { metric, unit, atMost }: { readonly metric: string; readonly unit: string; readonly atMost?: number },
  measure: (kind: 'raw' | 'engine') => Promise<Sample>,
): Comparison {
  const limit = atMost === undefined ? {} : { limit: { of: 'difference', atMost } as const };
  return {
    metrics: [{ metric, unit, better: 'smaller', ...limit }],
    ours: () => measure('engine'),
    baseline: () => measure('raw'),
  };
}

/** Inside node_modules, from where the runtimes that stay outside the bundle are found. */
async function bundlePrograms(cleanup: AsyncDisposableStack): Promise<string> {
  const cache = path.join(root, 'node_modules/.cache/edgewright');
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(path.join(cache, 'bench-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  await bundleWithEngine({
    absWorkingDir: root,
    entryPoints: { program: 'bench/engine/cold-start-program.ts' },
    outdir: folder,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    conditions: ['edgewright-source'],
    external: ['onnxruntime-node', 'onnxruntime-web', 'onnxruntime-web/*', '@tensorflow/*', '@grpc/*', 'sharp'],
  });
  return path.join(folder, 'program.mjs');
}

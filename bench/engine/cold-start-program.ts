/** `raw|engine MODEL INPUT SHAPE WORKERS`: scores, and prints how long the first answer took and how much memory is held. */
import process from 'node:process';
import { residentBytesOfFamily } from '../../test/support/resident-memory.ts';
import { inputOf } from './models.ts';
import type { BenchModel } from './models.ts';

const [kind, path = '', input = '', shape = '', workers = '1'] = process.argv.slice(2);
const model: BenchModel = { title: '', path, input, shape: shape.split(',').map(Number) };
const RUNS = 20;

/** Only what a side needs is loaded. */
async function open(): Promise<{ run: () => Promise<unknown> } & AsyncDisposable> {
  if (kind === 'raw') {
    const { RawSession } = await import('./raw-session.ts');
    return RawSession.open(model);
  }
  const { openEngine } = await import('./throughput.ts');
  const engine = await openEngine(model, { execution: 'worker', workers: Number(workers), threads: 1 });
  return {
    run: () => engine.infer({ requestId: 'bench', inputs: inputOf(model) }),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

await using side = await open();
await side.run();
const ms = performance.now();
await Promise.all(Array.from({ length: RUNS }, () => side.run()));
process.stdout.write(JSON.stringify({ ms, mebibytes: residentBytesOfFamily(process.pid) / 2 ** 20 }));

/** `raw|engine MODEL INPUT SHAPE WORKERS`: scores, and prints how long the first answer took and how much memory is held. */
import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';
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

/** Of this process and its children, as Linux counts them. */
function mebibytes(): number {
  let kilobytes = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
      if (Number(pid) === process.pid || field('PPid') === process.pid) kilobytes += field('VmRSS');
    } catch {
      // gone in the meantime
    }
  }
  return kilobytes / 1024;
}

await using side = await open();
await side.run();
const ms = performance.now();
await Promise.all(Array.from({ length: RUNS }, () => side.run()));
process.stdout.write(JSON.stringify({ ms, mebibytes: mebibytes() }));

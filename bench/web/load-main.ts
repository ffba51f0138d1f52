/** `load-main.ts JSON`: sends one request over and over for a time, and prints what came of it as JSON. A program of its own, so that it has a core of its own. */
import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import autocannon from 'autocannon';
import type { Result } from 'autocannon';
import { quantile } from '../harness.ts';
import type { Load, LoadResult } from './load.ts';

const { url, method, headers, bodyFile, connections, seconds } = JSON.parse(process.argv[2] ?? '') as Load;
const latencies: number[] = [];
let refused = 0;

// with a callback, it gives the run to listen to, not a promise of its end
const run = autocannon(
  { url, method, headers: { ...headers }, body: await readFile(bodyFile), connections, duration: seconds },
  () => {},
);
run.on('response', (_client, status, _bytes, milliseconds) => {
  if (status === 200) latencies.push(milliseconds);
  else refused += 1;
});
const [{ duration, errors, timeouts }] = (await once(run, 'done')) as [Result];
if (latencies.length === 0) throw new TypeError(`nothing was answered: ${refused} refused, ${errors} errors`);
const result: LoadResult = {
  rate: latencies.length / duration,
  p50: quantile(latencies, 0.5),
  p99: quantile(latencies, 0.99),
  failed: refused + errors + timeouts,
};
console.log(JSON.stringify(result));

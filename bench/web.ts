import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { writeModels } from './engine/models.ts';
import type { Bench, Comparison, Metric, Sample } from './harness.ts';
import { SERVER_CORE, sendLoad } from './web/load.ts';
import type { Request } from './web/requests.ts';
import { writeRequests } from './web/requests.ts';
import { azureml, bentoml, echo, edgewright, mlserver } from './web/servers.ts';
import type { RunningServer, StartServer } from './web/servers.ts';

/** Callers at once: of small requests enough to keep a core busy, of large ones so many that none waits for the sender. */
const CALLERS = { small: 16, large: 2 } as const;
const SECONDS = Number(process.env['EDGEWRIGHT_BENCH_SECONDS'] ?? 5);
const ROUNDS = Number(process.env['EDGEWRIGHT_BENCH_ROUNDS'] ?? 5);
const rawProgram = fileURLToPath(new URL('./web/raw-runs.ts', import.meta.url));

/** A server under the load of one request. */
interface Side {
  readonly start: StartServer;
  readonly model: string;
  readonly request: Request;
}

interface Case {
  readonly title: string;
  readonly size: keyof typeof CALLERS;
  readonly ours: Side;
  readonly baseline: Side;
  readonly goal?: number;
  /** Compares what servers need as well: memory and time to start. */
  readonly isServer?: boolean;
}

/** The endpoint, one core for the server: against the least that Node.js can do, the bare runtime, and servers that do the same. */
export async function webBench(): Promise<Bench> {
  await using cleanup = new AsyncDisposableStack();
  // inside node_modules, from where the bundle finds its runtimes
  const cache = fileURLToPath(new URL('../node_modules/.cache/edgewright', import.meta.url));
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(path.join(cache, 'bench-web-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const { diabetes, vision } = await writeModels(folder);
  const requests = await writeRequests(folder);
  const servers = new Servers();
  cleanup.use(servers);
  const scorer = await edgewright(folder);
  const small = (request: Request): Side => ({ start: scorer, model: diabetes.path, request });
  const large = (request: Request): Side => ({ start: scorer, model: vision.path, request });
  const cases: Case[] = [
    { title: 'diabetes /score, against an echo', size: 'small', goal: 0.5, ours: small(requests.rows), baseline: { start: echo, model: '', request: requests.rows } },
    { title: `${vision.title} as bytes, against OIP JSON`, size: 'large', ours: large(requests.imageOipBinary), baseline: large(requests.imageOipJson) },
  ]; // prettier-ignore
  const peer = (start: StartServer | string, name: string, make: (start: StartServer) => Case): void => {
    if (typeof start === 'string') process.stderr.write(`web: ${name} is left out: ${start}\n`);
    else cases.push(make(start));
  };
  peer(await azureml(folder, 'azureml_score.py'), 'azureml-inference-server-http', (start) => ({
    title: 'diabetes, against Azure ML’s server', size: 'small', goal: 5, isServer: true,
    ours: small(requests.rows), baseline: { start, model: diabetes.path, request: requests.rows },
  })); // prettier-ignore
  peer(await mlserver(folder), 'MLServer', (start) => ({
    title: 'diabetes, against MLServer', size: 'small', goal: 5, isServer: true,
    ours: small(requests.rowsOip), baseline: { start, model: diabetes.path, request: requests.rowsOip },
  })); // prettier-ignore
  peer(await bentoml(folder), 'BentoML', (start) => ({
    title: 'diabetes, against BentoML', size: 'small', goal: 5, isServer: true,
    ours: small(requests.rows), baseline: { start, model: diabetes.path, request: requests.rows },
  })); // prettier-ignore
  peer(await azureml(folder, 'azureml_bytes.py'), 'azureml-inference-server-http', (start) => ({
    title: `${vision.title}, against Azure ML’s server`, size: 'large', goal: 1,
    ours: large(requests.imageBytes), baseline: { start, model: vision.path, request: requests.imageBytes },
  })); // prettier-ignore
  peer(await mlserver(folder), 'MLServer', (start) => ({
    title: `${vision.title} as OIP JSON, against MLServer`, size: 'large', goal: 1,
    ours: large(requests.imageOipJson), baseline: { start, model: vision.path, request: requests.imageOipJson },
  })); // prettier-ignore
  const comparisons = [rawComparison(vision.title, large(requests.imageOipBinary), servers), ...cases.map((each) => comparisonOf(each, servers))]; // prettier-ignore
  const closing = cleanup.move();
  return { comparisons, [Symbol.asyncDispose]: () => closing.disposeAsync() };
}

/** The servers of one comparison: two at most, so that none takes memory from another. */
class Servers implements AsyncDisposable {
  readonly #running = new Map<string, RunningServer>();
  readonly #names = new Map<StartServer, string>();
  #comparison = '';

  async of({ start, model }: Side, comparison: string): Promise<RunningServer> {
    if (comparison !== this.#comparison) await this[Symbol.asyncDispose]();
    this.#comparison = comparison;
    const name = this.#names.get(start) ?? `server ${this.#names.size}`;
    this.#names.set(start, name);
    const key = `${name} ${model}`;
    const running = this.#running.get(key) ?? (await start(model));
    this.#running.set(key, running);
    return running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#running.values()) await server[Symbol.asyncDispose]();
    this.#running.clear();
  }
}

function comparisonOf({ title, size, ours, baseline, goal, isServer }: Case, servers: Servers): Comparison {
  const rate: Metric = { metric: title, unit: '1/s', better: 'larger', ...(goal === undefined ? {} : { goal }) };
  const smaller = (what: string, unit: string): Metric => ({ metric: `${title}: ${what}`, unit, better: 'smaller' });
  const needs = isServer === true ? [smaller('memory', 'MiB'), smaller('start', 'ms')] : [];
  const measure = async (side: Side): Promise<Sample> => {
    const server = await servers.of(side, title);
    const { rate: found, p50, p99 } = await measureLoad(server, side.request, CALLERS[size]);
    return {
      [title]: found,
      [`${title}: p50`]: p50,
      [`${title}: p99`]: p99,
      [`${title}: memory`]: await server.process.memoryMb(),
      [`${title}: start`]: server.process.startMs,
    };
  };
  return {
    rounds: ROUNDS,
    metrics: [rate, smaller('p50', 'ms'), smaller('p99', 'ms'), ...needs],
    ours: () => measure(ours),
    baseline: () => measure(baseline),
  };
}

/** What the endpoint leaves of the bare runtime, which has the core for itself while it is measured. */
function rawComparison(model: string, ours: Side, servers: Servers): Comparison {
  const metric = `${model} as bytes, against session.run`;
  const flags = ['--conditions=edgewright-source', '--disable-warning=ExperimentalWarning'];
  return {
    rounds: ROUNDS,
    metrics: [{ metric, unit: '1/s', better: 'larger', goal: 0.9 }],
    ours: async () => ({
      [metric]: (await measureLoad(await servers.of(ours, metric), ours.request, CALLERS.large)).rate,
    }),
    baseline: async () => {
      const command = ['-c', SERVER_CORE, process.execPath, ...flags, rawProgram, ours.model, String(SECONDS)];
      const { stdout } = await promisify(execFile)('taskset', command);
      return { [metric]: Number(stdout) };
    },
  };
}

function measureLoad(server: RunningServer, { path, headers, bodyFile }: Request, connections: number) {
  return sendLoad({ url: `${server.url}${path}`, method: 'POST', headers, bodyFile, connections, seconds: SECONDS });
}

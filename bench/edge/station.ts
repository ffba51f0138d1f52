import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { EdgeLab } from '../../test/support/edge-lab.ts';
import type { ScorerProcess } from '../../test/support/scorer-process.ts';
import { fitRidge } from '../../examples/diabetes/ridge.ts';
import { ridgeToOnnx } from '../../examples/diabetes/ridge-onnx.ts';
import { readDiabetesTable } from '../../examples/diabetes/table.ts';
import { quantile } from '../harness.ts';

const echoProgram = fileURLToPath(new URL('./echo-module.ts', import.meta.url));
const ALPHA = 0.4;
/** Nothing arrived for so long: the measurement cannot end any more. */
const SILENCE_MS = 60_000;

/** The modules that are compared: the same scorer under three settings, and the bare echo. */
export type StationModule = 'echo' | 'output' | 'journal' | 'durable';

/** A simulated edge device on which all modules of the bench run at the same time, and are fed one after the other. */
export class Station implements AsyncDisposable {
  readonly #lab: EdgeLab;
  readonly #modules: ReadonlyMap<StationModule, ScorerProcess>;
  readonly #rows: readonly (readonly number[])[];
  readonly #waiting = new Map<string, (at: number) => void>();
  readonly #stop = new AbortController();
  #round = 0;

  static async open(): Promise<Station> {
    const table = await readDiabetesTable();
    const model = ridgeToOnnx(fitRidge(table.train, ALPHA));
    const names: readonly StationModule[] = ['echo', 'output', 'journal', 'durable'];
    const lab = await EdgeLab.open({ model, modules: names });
    const quiet = { reportIntervalSeconds: 86_400 } as const;
    const journaled = { ...quiet, acknowledgement: 'after-journal' } as const;
    await lab.configure(quiet, {
      journal: { ...journaled, journal: { durability: 'process-crash' } },
      durable: { ...journaled, journal: { durability: 'power-loss' } },
    });
    const modules = new Map<StationModule, ScorerProcess>();
    for (const name of names) {
      const environment = { EDGEWRIGHT_STATE_DIRECTORY: await lab.stateFolder() };
      const process =
        name === 'echo'
          ? await lab.startProgram([echoProgram], { moduleId: name })
          : await lab.startScorer(environment, name);
      await process.line('joined edgeHub');
      modules.set(name, process);
    }
    return new Station(
      lab,
      modules,
      table.test.map(({ features }) => features),
    );
  }

  private constructor(
    lab: EdgeLab,
    modules: ReadonlyMap<StationModule, ScorerProcess>,
    rows: readonly (readonly number[])[],
  ) {
    this.#lab = lab;
    this.#modules = modules;
    this.#rows = rows;
    lab.collect(this.#stop.signal, ({ id, at }) => {
      this.#waiting.get(id)?.(at);
      this.#waiting.delete(id);
    });
  }

  /** Messages a second from a backlog: they wait at edgeHub while the module stands still, which then goes on. */
  async rate(module: StationModule, count: number): Promise<number> {
    const process = this.#modules.get(module);
    process?.signal('SIGSTOP');
    const messages = this.#messages(count);
    const arrivals = messages.map(({ id }) => this.#arrival(id));
    await this.#lab.send(messages, module);
    const started = performance.now();
    process?.signal('SIGCONT');
    await Promise.all(arrivals);
    return (count / (performance.now() - started)) * 1000;
  }

  /** The median time from sending one message to its arrival at the hub, in milliseconds, one at a time. */
  async latency(module: StationModule, count: number): Promise<number> {
    const times: number[] = [];
    for (const message of this.#messages(count)) {
      const arrival = this.#arrival(message.id);
      const started = performance.now();
      const [at] = await Promise.all([arrival, this.#lab.send([message], module)]);
      times.push(at - started);
    }
    return quantile(times, 0.5);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#lab[Symbol.asyncDispose]();
  }

  #messages(count: number): { readonly id: string; readonly body: unknown }[] {
    this.#round += 1;
    return Array.from({ length: count }, (_, n) => ({
      id: `${this.#round}-${n}`,
      body: { data: [this.#rows[n % this.#rows.length]] },
    }));
  }

  async #arrival(id: string): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#waiting.set(id, resolve);
    const silence = new AbortController();
    const late = sleep(SILENCE_MS, undefined, { signal: silence.signal }).then(() => {
      throw new TypeError(`nothing came back for the message ${id} within ${SILENCE_MS} ms`);
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      silence.abort();
      late.catch(() => {});
    }
  }
}

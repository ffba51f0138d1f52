import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { EdgeLab } from '../../test/support/edge-lab.ts';
import type { ScorerProcess } from '../../test/support/scorer-process.ts';
import { fitRidge } from '../../examples/diabetes/ridge.ts';
import { ridgeToOnnx } from '../../examples/diabetes/ridge-onnx.ts';
import { readDiabetesTable } from '../../examples/diabetes/table.ts';
import { quantile } from '../harness.ts';
import { testImage } from './faces.ts';

const stockProgram = fileURLToPath(new URL('./stock-module.ts', import.meta.url));
const pythonProgram = fileURLToPath(new URL('./python-module.py', import.meta.url));
const facesModule = fileURLToPath(new URL('./faces.ts', import.meta.url));
const echoProgram = fileURLToPath(new URL('./echo-module.ts', import.meta.url));
const ALPHA = 0.4;
/** Nothing arrived for so long: the measurement cannot end any more. */
const SILENCE_MS = 60_000;
const PING_PAUSE_MS = 5;
/** Nothing came for so long after a kill: what is missing is lost. */
const KILL_SILENCE_MS = 8_000;

/** The modules that are compared on the diabetes model: the same scorer under three settings, and the bare echo. */
const DIABETES_MODULES = ['echo', 'output', 'journal', 'durable'] as const;
/** Those on face detection: the scorer with an entry script in a process of its own, and modules on the stock SDKs for Node.js and Python. */
const FACE_MODULES = ['faces', 'stock', 'python'] as const;

export type StationModule = (typeof DIABETES_MODULES)[number] | (typeof FACE_MODULES)[number];

interface StationParts {
  readonly lab: EdgeLab;
  readonly modules: Map<StationModule, ScorerProcess>;
  readonly restart: (name: StationModule) => Promise<ScorerProcess>;
  readonly bodies: readonly unknown[];
}

/** A simulated edge device on which all modules of the bench run at the same time, and are fed one after the other. */
export class Station implements AsyncDisposable {
  readonly #parts: StationParts;
  readonly #waiting = new Map<string, (at: number) => void>();
  readonly #stop = new AbortController();
  #round = 0;

  static async open(): Promise<Station> {
    const table = await readDiabetesTable();
    const lab = await EdgeLab.open({ model: ridgeToOnnx(fitRidge(table.train, ALPHA)), modules: DIABETES_MODULES });
    const quiet = { reportIntervalSeconds: 86_400 } as const;
    const journaled = { ...quiet, acknowledgement: 'after-journal' } as const;
    await lab.configure(quiet, {
      journal: { ...journaled, journal: { durability: 'process-crash' } },
      durable: { ...journaled, journal: { durability: 'power-loss' } },
    });
    const start = async (name: StationModule): Promise<ScorerProcess> =>
      name === 'echo'
        ? lab.startProgram([echoProgram], { moduleId: name })
        : lab.startScorer({ EDGEWRIGHT_STATE_DIRECTORY: await lab.stateFolder() }, name);
    const bodies = table.test.map(({ features }) => ({ data: [features] }));
    return Station.#start(DIABETES_MODULES, { lab, restart: start, bodies });
  }

  /**
   * @param model path of UltraFace RFB 320, an ONNX file
   * @param python an interpreter with the packages of requirements.txt; without one there is no module `python`
   */
  static async openFaces(model: string, python?: string): Promise<Station> {
    const script = `
      import { facesIn, pixelsOf } from ${JSON.stringify(facesModule)};
      let model;
      export const init = ({ models }) => { model = models.get(); };
      export const run = async ({ image }) => {
        const input = { data: pixelsOf(image), shape: [1, 3, 240, 320], datatype: 'FP32' };
        const { scores } = await model.run({ input });
        return { faces: facesIn(scores.data) };
      };`;
    const modules = FACE_MODULES.filter((name) => name !== 'python' || python !== undefined);
    const lab = await EdgeLab.open({ model: await readFile(model), entryScript: script, modules });
    await lab.configure({ reportIntervalSeconds: 86_400 });
    const start = (name: StationModule): Promise<ScorerProcess> => {
      const options = { moduleId: name, environment: { MODEL: model } };
      if (name === 'stock') return lab.startProgram([stockProgram], options);
      if (name !== 'python' || python === undefined) return lab.startScorer({}, name);
      return lab.startProgram([pythonProgram], { ...options, executable: python });
    };
    const bodies = Array.from({ length: 8 }, (_, n) => ({ image: testImage(n) }));
    return Station.#start(modules, { lab, restart: start, bodies });
  }

  static async #start(names: readonly StationModule[], parts: Omit<StationParts, 'modules'>): Promise<Station> {
    const modules = new Map<StationModule, ScorerProcess>();
    for (const name of names) {
      const process = await parts.restart(name);
      await process.line('joined edgeHub');
      modules.set(name, process);
    }
    return new Station({ ...parts, modules });
  }

  private constructor(parts: StationParts) {
    this.#parts = parts;
    parts.lab.collect(this.#stop.signal, ({ id, at }) => {
      this.#waiting.get(id)?.(at);
      this.#waiting.delete(id);
    });
  }

  /** The share of messages that come through when the module is killed in the middle of them and started again. */
  async keptOverKill(module: StationModule, count: number): Promise<number> {
    const messages = this.#messages(count);
    const through = new Set<string>();
    for (const { id } of messages) this.#waiting.set(id, () => through.add(id));
    const sending = this.#parts.lab.send(messages, module);
    while (through.size < count / 3) await sleep(2);
    const process = this.#parts.modules.get(module);
    process?.signal('SIGKILL');
    await process?.ended;
    this.#parts.modules.set(module, await this.#parts.restart(module));
    await sending;
    let before: number;
    do {
      before = through.size;
      await sleep(KILL_SILENCE_MS);
    } while (through.size > before);
    return through.size / count;
  }

  /** Messages a second from a backlog: they wait at edgeHub while the module stands still, which then goes on. */
  async rate(module: StationModule, count: number): Promise<number> {
    const process = this.#parts.modules.get(module);
    process?.signal('SIGSTOP');
    const messages = this.#messages(count);
    const arrivals = messages.map(({ id }) => this.#arrival(id));
    await this.#parts.lab.send(messages, module);
    const started = performance.now();
    process?.signal('SIGCONT');
    await Promise.all(arrivals);
    return (count / (performance.now() - started)) * 1000;
  }

  /** The longest time, in milliseconds, that a direct method waited for its answer while messages were scored: so long would a keep-alive wait. */
  async unattended(module: StationModule, count: number): Promise<number> {
    const messages = this.#messages(count);
    const left = new Set(messages.map(({ id }) => id));
    const scored = Promise.all(messages.map(({ id }) => this.#arrival(id).finally(() => left.delete(id))));
    const sending = this.#parts.lab.send(messages, module);
    let longest = 0;
    while (left.size > 0) {
      const started = performance.now();
      await this.#parts.lab.ping(module);
      longest = Math.max(longest, performance.now() - started);
      await sleep(PING_PAUSE_MS);
    }
    await Promise.all([scored, sending]);
    return longest;
  }

  /** A quantile of the time from sending one message to its arrival at the hub, in milliseconds, one at a time. */
  async latency(module: StationModule, count: number, share = 0.5): Promise<number> {
    const times: number[] = [];
    for (const message of this.#messages(count)) {
      const arrival = this.#arrival(message.id);
      const started = performance.now();
      const [at] = await Promise.all([arrival, this.#parts.lab.send([message], module)]);
      times.push(at - started);
    }
    return quantile(times, share);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#parts.lab[Symbol.asyncDispose]();
  }

  #messages(count: number): { readonly id: string; readonly body: unknown }[] {
    this.#round += 1;
    return Array.from({ length: count }, (_, n) => ({
      id: `${this.#round}-${n}`,
      body: this.#parts.bodies[n % this.#parts.bodies.length],
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

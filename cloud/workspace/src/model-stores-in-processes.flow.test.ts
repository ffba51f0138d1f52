import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { TestContext } from 'vitest';
import { modelStores } from '../../../test/support/model-stores.ts';
import type { ModelStore } from '../../../test/support/model-stores.ts';
import { Workspace } from './workspace.ts';

const program = fileURLToPath(new URL('../../../test/support/register-in-loop.ts', import.meta.url));
const ROUNDS = 3;
/** Each process takes a second of the processor before it registers anything. */
const TIMEOUT_MS = 300_000;

/** A process that registers a file again and again. */
class Loop {
  readonly ended: Promise<unknown>;
  readonly #child: ChildProcess;
  #text = '';

  constructor(
    store: ModelStore,
    input: readonly [workspace: string, place: string, name: string, file: string, times: string],
  ) {
    const conditions = ['--conditions=edgewright-source', '--disable-warning=ExperimentalWarning'];
    this.#child = spawn(process.execPath, [...conditions, program, ...input], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...store.environment },
    });
    this.ended = once(this.#child, 'close');
    this.#child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      this.#text += chunk;
    });
  }

  /** The ids that it was promised so far. A line that breaks off is no promise. */
  get promised(): readonly string[] {
    return this.#text.split('\n').slice(1, -1);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }
}

describe.each(Object.entries(modelStores))('processes that register in %s', { timeout: TIMEOUT_MS }, (_, start) => {
  let started: Promise<ModelStore> | undefined;
  afterAll(async () => {
    await (await started)?.[Symbol.asyncDispose]();
    vi.unstubAllEnvs();
  });

  async function createSetup(context: TestContext) {
    const store = await (started ??= start(context));
    for (const [name, value] of Object.entries(store.environment)) vi.stubEnv(name, value);
    const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-processes-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const place = store.newPlace();
    return { store, folder, place };
  }

  it('get versions of their own at once, none of them lost', async (context) => {
    const { store, folder, place } = await createSetup(context);
    const loops: Loop[] = [];
    for (const machine of ['a', 'b']) {
      const file = path.join(folder, `model-${machine}`);
      await writeFile(file, machine);
      // both start on a store in which there is nothing
      loops.push(new Loop(store, [path.join(folder, machine), place, 'shared', file, '6']));
    }
    await Promise.all(loops.map((loop) => loop.ended));
    const promised = loops.flatMap((loop) => loop.promised);
    expect(promised).toHaveLength(12);
    expect(new Set(promised).size).toBe(12);
    await using workspace = await Workspace.open(path.join(folder, 'c'), { modelRegistry: place });
    const { models } = await workspace.models.list({ name: 'shared' });
    expect(models.map((model) => model.id).sort()).toEqual(promised.toSorted());
    expect(models.map((model) => model.version)).toEqual(
      models.map((model) => model.version).toSorted((a, b) => b - a),
    );
  });

  it('leave every version that was promised, and none that is broken, when they are killed', async (context) => {
    const { store, folder, place } = await createSetup(context);
    const promised: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const file = path.join(folder, `model-${round}`);
      // large enough that many kills fall into the sending
      await writeFile(file, randomBytes(round % 2 === 0 ? 9_000_000 : 1000));
      const loop = new Loop(store, [path.join(folder, 'killed'), place, 'm', file, '10000']);
      const before = performance.now();
      await expect.poll(() => loop.promised.length, { timeout: TIMEOUT_MS / 4, interval: 5 }).toBeGreaterThan(0);
      await sleep(randomInt(Math.ceil(performance.now() - before)) / 4);
      await loop.kill();
      promised.push(...loop.promised);
    }
    await using workspace = await Workspace.open(path.join(folder, 'other'), { modelRegistry: place });
    const { models } = await workspace.models.list({ name: 'm', pageSize: 1000 });
    const ids = models.map((model) => model.id);
    expect(promised.filter((id) => !ids.includes(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
    for (const model of models) {
      expect(await readdir(await workspace.models.directoryOf(model))).toEqual([model.mainFile]);
    }
    await writeFile(path.join(folder, 'last'), 'x');
    const next = await workspace.models.register({ name: 'm', path: path.join(folder, 'last') });
    expect(next.version).toBeGreaterThan(Math.max(...models.map((model) => model.version)));
  });
});

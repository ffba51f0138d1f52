import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Model } from '@edgewright/contract';
import type { ModelRegistry } from './model-registry.ts';
import { openModelRegistry } from './open-model-registry.ts';

const program = fileURLToPath(new URL('../../../test/support/register-in-loop.ts', import.meta.url));

interface Loop {
  readonly child: ChildProcess;
  /** What it has said so far, line by line. */
  readonly said: () => string[];
  readonly ended: Promise<unknown>;
}

function startLoop(directory: string, name: string, file: string, times: number): Loop {
  const conditions = ['--conditions=edgewright-source', '--disable-warning=ExperimentalWarning'];
  const child = spawn(process.execPath, [...conditions, program, directory, name, file, String(times)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return { child, said: () => text.split('\n').slice(0, -1), ended: once(child, 'close') };
}

async function createFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-registry-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

async function allModels(registry: ModelRegistry): Promise<Model[]> {
  const models: Model[] = [];
  let nextToken: string | undefined;
  do {
    const page = await registry.list(nextToken === undefined ? {} : { nextToken });
    models.push(...page.models);
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return models;
}

describe('a registry that several processes use', () => {
  it('gives every one of them versions of their own, without a gap', async () => {
    const folder = await createFolder();
    const directory = path.join(folder, 'registry');
    const loops: Loop[] = [];
    for (const name of ['a', 'b', 'c', 'd']) {
      const file = path.join(folder, name);
      await writeFile(file, name);
      // all four start on a folder that does not exist
      loops.push(startLoop(directory, 'shared', file, 10));
    }
    await Promise.all(loops.map((loop) => loop.ended));
    const promised = loops.flatMap((loop) => loop.said().slice(1));
    expect(promised).toHaveLength(40);
    expect(new Set(promised).size).toBe(40);
    await using registry = await openModelRegistry(directory);
    expect((await allModels(registry)).map((model) => model.version)).toEqual(
      Array.from({ length: 40 }, (_, index) => 40 - index),
    );
  });
});

describe('a registry whose processes are killed', () => {
  it('has every version that was promised, and no broken one', async () => {
    const folder = await createFolder();
    const directory = path.join(folder, 'registry');
    const promised: string[] = [];
    for (let round = 0; round < 12; round += 1) {
      const file = path.join(folder, `model-${round}`);
      // large enough that many kills fall into the copying
      await writeFile(file, randomBytes(round % 2 === 0 ? 3_000_000 : 1000));
      const loop = startLoop(directory, 'm', file, 10_000);
      await once(loop.child.stdout ?? loop.child, 'data');
      await new Promise((resolve) => {
        setTimeout(resolve, 10 + Math.random() * 150);
      });
      loop.child.kill('SIGKILL');
      await loop.ended;
      promised.push(...loop.said().slice(1));
    }
    await using registry = await openModelRegistry(directory);
    const models = await allModels(registry);
    const ids = models.map((model) => model.id);
    expect(promised.filter((id) => !ids.includes(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
    expect(models.length).toBeGreaterThan(0);
    for (const model of models) expect(await readdir(await registry.directoryOf(model))).toEqual([model.mainFile]);
    await writeFile(path.join(folder, 'last'), 'x');
    const next = await registry.register({ name: 'm', path: path.join(folder, 'last') });
    expect(next.version).toBe(Math.max(...models.map((model) => model.version)) + 1);
  });
});

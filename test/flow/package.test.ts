import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ridgeToOnnx } from '../../examples/diabetes/ridge-onnx.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const MAX_OUTPUT_BYTES = 16 * 2 ** 20;

/** Packs the repository and installs the tarball in an empty project, as a user would: once for all tests. */
let project = '';

beforeAll(async () => {
  project = await mkdtemp(path.join(os.tmpdir(), 'edgewright-consumer-'));
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', project], {
    cwd: root,
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  const [packed] = JSON.parse(stdout) as { filename: string }[];
  await writeFile(
    path.join(project, 'package.json'),
    JSON.stringify({ name: 'consumer', private: true, type: 'module' }),
  );
  const types = (JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as Package).devDependencies;
  const wanted = [`./${packed?.filename}`, `@types/node@${types['@types/node']}`];
  const flags = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  await run('npm', ['install', ...flags, ...wanted], { cwd: project, maxBuffer: MAX_OUTPUT_BYTES });
  const weights = { coef: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], intercept: 0.5 };
  await writeFile(path.join(project, 'sum.onnx'), ridgeToOnnx(weights));
}, 300_000);

afterAll(() => rm(project, { recursive: true, force: true }));

interface Package {
  readonly devDependencies: Readonly<Record<string, string>>;
}

async function edgewright(...words: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  try {
    const { stdout, stderr } = await run('npx', ['--no-install', 'edgewright', ...words], { cwd: project });
    return { exitCode: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { exitCode: code, stdout, stderr };
  }
}

describe('the command of the installed package', () => {
  it('explains itself', async () => {
    const { stdout, exitCode } = await edgewright('--help');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('edgewright');
    expect(stdout).toContain('model');
  });

  it('registers a model and packs it with the scorer that came with the package', { timeout: 120_000 }, async () => {
    const registered = await edgewright(
      'model',
      'register',
      '--name',
      'sum',
      '--model-path',
      'sum.onnx',
      '--output',
      'json',
    );
    expect(registered.stderr).not.toMatch(/^\s+at /m);
    expect(JSON.parse(registered.stdout)).toMatchObject({ name: 'sum', version: 1, format: 'onnx' });
    const flags = ['--model', 'sum:1', '--platforms', 'amd64', '--output', 'json'];
    const built = await edgewright('image', 'build', ...flags);
    expect(built.stderr).not.toMatch(/^\s+at /m);
    expect(JSON.parse(built.stdout)).toMatchObject({ platforms: [{ platform: 'amd64' }] });
  });

  it('says what is wrong with wrong input, and leaves with 2', async () => {
    const { exitCode, stderr } = await edgewright('model', 'register', '--name', 'sum', '--model-path', 'nowhere.onnx');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('nowhere.onnx');
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe('the SDK of the installed package', () => {
  it('serves a model in a worker thread, and calls it', { timeout: 60_000 }, async () => {
    const program = `
      import { Workspace } from 'edgewright';
      import { ScoringClient } from 'edgewright/client';
      await using workspace = await Workspace.open('sdk');
      await using server = await workspace.serve({ model: 'sum.onnx' });
      const client = new ScoringClient({ url: server.url });
      console.log(JSON.stringify(await client.score({ data: [[1, 1, 1, 1, 1, 1, 1, 1, 1, 1]] })));
      const response = await fetch(server.scoringUri, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ data: [[1, 1, 1, 1, 1, 1, 1, 1, 1, 1]] }),
      });
      console.log(response.status, await response.text());`;
    await writeFile(path.join(project, 'serve.mjs'), program);
    const { stdout } = await run(process.execPath, ['--disable-warning=ExperimentalWarning', 'serve.mjs'], {
      cwd: project,
    });
    expect(stdout).toMatch(/^{.*55\.5.*\n200 .*55\.5/);
  });

  it('gives programs the engine alone, with its workers', { timeout: 60_000 }, async () => {
    const program = `
      import { createEngine } from 'edgewright/engine';
      const options = (version) => ({
        models: [{ name: 'sum', version, path: new URL('sum.onnx', import.meta.url).pathname, format: 'onnx' }],
        modelDirectory: '/',
      });
      await using engine = await createEngine({ ...options(1), backend: 'auto', execution: 'worker' });
      const score = () => engine.score({ requestId: 'r', data: { data: [[1, 1, 1, 1, 1, 1, 1, 1, 1, 1]] } });
      const before = await score();
      await engine.swap(options(2));
      const after = await score();
      console.log([before, after].map((one) => [one.engine.models[0].version, JSON.stringify(one.value)]).join(' '));`;
    await writeFile(path.join(project, 'engine.mjs'), program);
    const { stdout } = await run(process.execPath, ['engine.mjs'], { cwd: project });
    expect(stdout).toMatch(/^1,.*55\.5.* 2,.*55\.5/);
  });

  it('has types that need no workspace', { timeout: 60_000 }, async () => {
    const source = `
      import { Workspace } from 'edgewright';
      import type { EntryContext, ImageSummary, Model } from 'edgewright';
      import { createEngine } from 'edgewright/engine';
      import type { Engine } from 'edgewright/engine';
      import { ScoringClient } from 'edgewright/client';
      import type { InferAnswer } from 'edgewright/client';
      await using workspace = await Workspace.open('typed');
      const model: Model = await workspace.models.register({ name: 'a', path: 'a.onnx' });
      const image: ImageSummary = await workspace.images.build({ models: [model.id] });
      // @ts-expect-error a model's name is a text
      await workspace.models.register({ name: 7, path: 'a.onnx' });
      export const init = (context: EntryContext): string => context.modelDirectory;
      export const digest: string = image.digest;
      const features = { datatype: 'FP32', shape: [1, 1], data: new Float32Array(1) } as const;
      export const infer = (client: ScoringClient): Promise<InferAnswer> => client.infer('a', { features });
      export const open = (): Promise<Engine> => createEngine({ models: [], modelDirectory: '/', backend: 'auto' });`;
    const options = {
      target: 'es2024',
      lib: ['es2024', 'esnext.disposable'],
      module: 'nodenext',
      types: ['node'],
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
    };
    await mkdir(path.join(project, 'typed'), { recursive: true });
    await writeFile(path.join(project, 'typed/use.ts'), source);
    await writeFile(path.join(project, 'typed/tsconfig.json'), JSON.stringify({ compilerOptions: options }));
    const compiler = path.join(root, 'node_modules/typescript/bin/tsc');
    const check = run(process.execPath, [compiler, '-p', 'typed'], { cwd: project }).catch(
      (error: unknown) => error as { stdout: string },
    );
    expect((await check).stdout).toBe('');
  });
});

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { InferenceConfig } from '@edgewright/contract';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bundleEntry } from './bundle-entry.ts';
import type { EntryBundle } from './bundle-entry.ts';
import { PackagerError } from './packager-error.ts';

async function createSources(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-entry-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), content);
  }
  return folder;
}

async function refusal(config: InferenceConfig, folder: string): Promise<PackagerError> {
  const error: unknown = await bundleEntry(config, folder).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof PackagerError) return error;
  throw new TypeError(`expected a PackagerError, not ${String(error)}`, { cause: error });
}

/** Runs the bundle as Node.js in the image would. */
async function load(bundle: EntryBundle | undefined): Promise<Record<string, (data: unknown) => unknown>> {
  const folder = await createSources({});
  for (const file of bundle?.files ?? []) {
    await mkdir(path.dirname(path.join(folder, file.path)), { recursive: true });
    await writeFile(path.join(folder, file.path), file.content);
  }
  return (await import(pathToFileURL(path.join(folder, bundle?.path ?? '')).href)) as Record<
    string,
    (data: unknown) => unknown
  >;
}

describe('bundleEntry', () => {
  it('puts the script and what it imports into one file, with its types taken off', async () => {
    const folder = await createSources({
      'src/score.ts':
        "import { twice } from './math.ts';\nexport function run(data: number): number { return twice(data); }\n",
      'src/math.ts': 'export const twice = (x: number): number => x * 2;\n',
    });
    const bundle = await bundleEntry({ entryScript: 'score.ts', sourceDirectory: 'src' }, folder);
    expect(bundle?.path).toBe('entry/score.mjs');
    expect(bundle?.files.map((file) => file.path)).toEqual(['entry/score.mjs', 'entry/score.mjs.map']);
    expect((await load(bundle))['run']?.(21)).toBe(42);
  });

  it('takes packages in CommonJS that call require()', async () => {
    const folder = await createSources({
      'score.mjs': "import legacy from 'legacy';\nexport const run = () => legacy.name;\n",
      'node_modules/legacy/package.json': '{"name":"legacy","main":"index.js"}',
      'node_modules/legacy/index.js':
        "const path = require('path');\nmodule.exports = { name: path.basename('/a/b') };\n",
    });
    expect((await load(await bundleEntry({ entryScript: 'score.mjs' }, folder)))['run']?.(0)).toBe('b');
  });

  it('keeps the folder of a script in a sub-folder, and bundles nothing when there is no script', async () => {
    const folder = await createSources({ 'a/b/score.js': 'export const run = () => 1;\n' });
    expect((await bundleEntry({ entryScript: 'a/b/score.js' }, folder))?.path).toBe('entry/a/b/score.mjs');
    expect(await bundleEntry({}, folder)).toBeUndefined();
  });

  it('is the same in every folder', async () => {
    const files = {
      'score.ts': "import { twice } from './lib/math.ts';\nexport const run = (data: number) => twice(data);\n",
      'lib/math.ts': 'export const twice = (x: number) => x * 2;\n',
    };
    const first = await bundleEntry({ entryScript: 'score.ts' }, await createSources(files));
    const second = await bundleEntry({ entryScript: 'score.ts' }, await createSources(files));
    expect(second?.files.map((file) => Buffer.from(file.content).toString())).toEqual(
      first?.files.map((file) => Buffer.from(file.content).toString()),
    );
  });

  it('says file, line and column of a fault', async () => {
    const folder = await createSources({ 'score.ts': 'const a = 1;\n  const b = = 2;\nexport const run = () => a;\n' });
    const error = await refusal({ entryScript: 'score.ts' }, folder);
    expect(error).toMatchObject({
      code: 'EntryScriptInvalid',
      details: { file: path.join(folder, 'score.ts'), line: 2, column: 13 },
    });
    expect(error.message).toContain('score.ts:2:13: Unexpected "="');
  });

  it('names every import that leads nowhere', async () => {
    const folder = await createSources({
      'score.ts': "import './a.ts';\nimport 'no-such-package';\nexport const run = () => 1;\n",
    });
    const error = await refusal({ entryScript: 'score.ts' }, folder);
    expect(error.message).toContain('score.ts:1:8: Could not resolve "./a.ts"');
    expect(error.message).toContain('score.ts:2:8: Could not resolve "no-such-package"');
  });

  it.each([
    [{ 'score.ts': 'export const score = () => 1;\n' }, 'score.ts', 'it exports score'],
    [{ 'score.ts': 'const run = () => 1;\n' }, 'score.ts', 'it exports nothing'],
    [{}, 'score.ts', 'there is no such file in'],
    [{ 'score.py': '' }, 'score.py', 'its name must end in .ts'],
    [{ 'score.ts/x': '' }, 'score.ts', 'it is not a file'],
    [{}, '../score.ts', 'it is not in the source directory'],
  ])('refuses %j as %s', async (files, entryScript, words) => {
    const error = await refusal({ entryScript }, await createSources(files));
    expect(error.code).toBe('EntryScriptInvalid');
    expect(error.exitCode).toBe(2);
    expect(error.message).toContain(words);
  });
});

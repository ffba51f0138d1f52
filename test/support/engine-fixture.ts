import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, onTestFinished } from 'vitest';
import { createEngine } from '@edgewright/engine';
import type { Engine, EngineLogger, EngineModel, EngineOptions } from '@edgewright/engine';

/** A folder that goes when the test is over. */
export async function temporaryFolder(prefix = 'edgewright-'): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), prefix));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A model file in a folder of its own, as the engine takes it. */
export async function modelFile(bytes: Uint8Array, name = 'tiny', version = 1): Promise<EngineModel> {
  const folder = path.join(await temporaryFolder(), name, String(version));
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, 'model.onnx');
  await writeFile(file, bytes);
  return { name, version, path: file, format: 'onnx' };
}

/** A line that an engine logged. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly facts: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** A logger that keeps what it gets. */
export function recordingLog(): { readonly log: EngineLogger; readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const write =
    (level: LogLine['level']) =>
    (facts: LogLine['facts'], text: string): void =>
      void lines.push({ level, facts, text });
  return { lines, log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') } };
}

/** What a test says of its engine; the rest has defaults. */
export interface TestEngineOptions extends Partial<Omit<EngineOptions, 'entryScript'>> {
  /** Source text of an entry script, in TypeScript. */
  readonly script?: string;
  /** Bytes of the only model. */
  readonly onnx?: Uint8Array;
}

let bundle: Promise<URL> | undefined;

/**
 * The worker's program as images carry it: one file. It starts in a fifth of the time that the sources take, which is what
 * tests that start many workers need.
 */
export function bundledWorker(): Promise<URL> {
  bundle ??= (async () => {
    const root = fileURLToPath(new URL('../../', import.meta.url));
    // inside node_modules, from where the runtimes that stay outside the bundle are found
    const folder = path.join(root, 'node_modules/.cache/edgewright');
    await mkdir(folder, { recursive: true });
    const outfile = path.join(await mkdtemp(path.join(folder, 'worker-')), 'worker.mjs');
    afterAll(() => rm(path.dirname(outfile), { recursive: true, force: true }));
    await build({
      absWorkingDir: root,
      entryPoints: ['modules/engine/src/worker/worker-main.ts'],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node24',
      external: ['onnxruntime-node', 'onnxruntime-web', '@tensorflow/*', '@grpc/*', 'sharp'],
    });
    return pathToFileURL(outfile);
  })();
  return bundle;
}

/** An engine that is closed when the test is over. */
export async function testEngine(options: TestEngineOptions): Promise<Engine> {
  const { script, onnx, ...rest } = options;
  const models = rest.models ?? [await modelFile(onnx ?? new Uint8Array())];
  const entryScript = script === undefined ? undefined : path.join(await temporaryFolder(), 'score.ts');
  if (entryScript !== undefined) await writeFile(entryScript, script ?? '');
  const engine = await createEngine({
    backend: 'auto',
    threads: 1,
    workerProgram: await bundledWorker(),
    modelDirectory: path.dirname(models[0]?.path ?? '/'),
    ...rest,
    models,
    ...(entryScript === undefined ? {} : { entryScript }),
  });
  onTestFinished(() => engine[Symbol.asyncDispose]());
  return engine;
}

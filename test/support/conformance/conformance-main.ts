/**
 * Runs the conformance cases of a file on one backend, wherever this program is: `conformance-main.mjs CASES BACKEND`. It
 * prints one line of JSON a case, with what differed.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deserialize } from 'node:v8';
import type { Backend } from '@edgewright/contract';
import { createEngine } from '@edgewright/engine';
import { differences } from './compare-tensors.ts';
import type { ConformanceCase } from './conformance-cases.ts';

async function runCase(one: ConformanceCase, backend: Backend, folder: string): Promise<string[]> {
  await mkdir(folder);
  for (const { name, bytes } of one.files) await writeFile(path.join(folder, name), bytes);
  const file = path.join(folder, one.files[0]?.name ?? '');
  const format = file.endsWith('.onnx') ? 'onnx' : 'tfjs';
  await using engine = await createEngine({
    models: [{ name: 'case', version: 1, path: file, format }],
    modelDirectory: folder,
    backend,
    execution: 'inline',
    threads: 1,
  });
  const { outputs } = await engine.infer({ requestId: one.name, inputs: one.inputs });
  return differences(outputs, one.expected, one.tolerance);
}

const [, , file = '', backend = ''] = process.argv;
const cases = deserialize(await readFile(file)) as ConformanceCase[];
const folder = await mkdtemp(path.join(tmpdir(), 'conformance-'));
try {
  for (const [i, one] of cases.entries()) {
    const different = await runCase(one, backend as Backend, path.join(folder, String(i)));
    process.stdout.write(`${JSON.stringify({ name: one.name, differences: different })}\n`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

import { cp, mkdtemp, rm } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { runtimeLayer } from './runtime-layer.ts';
import { tracePackages } from './trace-packages.ts';

const run = promisify(execFile);

it('finds enough of TensorFlow.js for it to start, and little more', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-trace-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const layer = await runtimeLayer('arm32v7', 'tfjs');
  let sizeBytes = 0;
  for (const entry of await layer.entries()) {
    if (entry.type !== 'file') continue;
    sizeBytes += entry.sizeBytes;
    await cp(entry.source, path.join(folder, entry.path.replace('var/azureml-app/', '')));
  }
  expect(sizeBytes).toBeLessThan(8_000_000);
  const program =
    "const tf = await import('@tensorflow/tfjs-core'); await import('@tensorflow/tfjs-backend-wasm');" +
    "await import('@tensorflow/tfjs-converter'); await import('@tensorflow/tfjs-layers'); await import('@tensorflow/tfjs-backend-cpu');" +
    "await tf.setBackend('wasm'); console.log(Array.from(await tf.add(tf.tensor([1, 2]), tf.tensor([3, 4])).data()).join());";
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], { cwd: folder });
  expect(stdout).toContain('4,6');
});

it('finds enough of gRPC for a call to be made', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewright-trace-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const layer = await runtimeLayer('arm32v7', 'grpc');
  expect(layer.title).toMatch(/^@grpc\/grpc-js [\d.]+, @grpc\/proto-loader [\d.]+$/);
  let sizeBytes = 0;
  for (const entry of await layer.entries()) {
    if (entry.type !== 'file') continue;
    sizeBytes += entry.sizeBytes;
    await cp(entry.source, path.join(folder, entry.path.replace('var/azureml-app/', '')));
  }
  expect(sizeBytes).toBeLessThan(4_000_000);
  const program =
    "const grpc = await import('@grpc/grpc-js'); const { fromJSON } = await import('@grpc/proto-loader');" +
    "const M = { fields: { v: { type: 'int64', id: 1 } } };" +
    "const { m } = fromJSON({ nested: { M, S: { methods: { m: { requestType: 'M', responseType: 'M' } } } } }).S;" +
    "const c = new grpc.Client('127.0.0.1:1', grpc.credentials.createInsecure());" +
    'c.makeUnaryRequest(m.path, m.requestSerialize, m.responseDeserialize, { v: 5 }, (e) => { console.log(grpc.status[e.code]); c.close(); });';
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], { cwd: folder });
  expect(stdout).toBe('UNAVAILABLE\n');
});

it('says which packages it could not find', async () => {
  await expect(tracePackages(['no-such-package'])).rejects.toThrow(
    'cannot put the packages no-such-package into the image',
  );
});

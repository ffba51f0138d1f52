import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { sharedAccelerator } from '../../../test/support/accelerator/start-accelerator.ts';
import { temporaryFolder } from '../../../test/support/engine-fixture.ts';
import { need } from '../../../test/support/need.ts';
import { affineOnnx } from '../../../test/support/tiny-models.ts';
import { affineGraph } from '../../../test/support/tiny-tfjs.ts';
import type { ServeInput } from './serve-model.ts';
import { Workspace } from './workspace.ts';

async function openWorkspace(): Promise<Workspace> {
  const workspace = await Workspace.open(path.join(await temporaryFolder(), 'workspace'));
  onTestFinished(() => workspace[Symbol.asyncDispose]());
  return workspace;
}

/** Writes a model's files and serves the first. */
async function serve(files: Readonly<Record<string, Uint8Array | string>>, more: Partial<ServeInput> = {}) {
  const folder = path.join(await temporaryFolder(), 'affine');
  await mkdir(folder);
  for (const [name, bytes] of Object.entries(files)) await writeFile(path.join(folder, name), bytes);
  const workspace = await openWorkspace();
  const server = await workspace.serve({ model: path.join(folder, Object.keys(files)[0] ?? ''), ...more });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

async function score(uri: string): Promise<unknown> {
  const body = JSON.stringify({ data: [[1, 2, 3]] });
  const response = await fetch(uri, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return response.json();
}

const predictions = { predictions: [[3, 5, 7]] };
const tfjsFiles = Object.fromEntries(affineGraph().map(({ name, bytes }) => [name, bytes]));

it('serves an ONNX file', async () => {
  const { scoringUri, description } = await serve({ 'net.onnx': affineOnnx() });
  expect(description).toMatchObject({ backend: 'onnx', models: [{ name: 'net', version: 0 }] });
  expect(await score(scoringUri)).toEqual(predictions);
});

it('serves a model.json of TensorFlow.js, under the name of its folder', async () => {
  const { scoringUri, description } = await serve(tfjsFiles);
  expect(description).toMatchObject({ backend: 'tfjs', models: [{ name: 'affine', version: 0 }] });
  expect(await score(scoringUri)).toEqual(predictions);
});

it('serves a description of a remote model', async (context) => {
  const { executable } = await need(context, 'python');
  const accelerator = await sharedAccelerator(executable);
  await accelerator.addFile('affine.onnx', affineOnnx());
  const tensor = { datatype: 'FP32', shape: [-1, 3] };
  const description = {
    protocol: 'open-inference',
    address: accelerator.address,
    model: { name: 'affine' },
    inputs: [{ name: 'x', ...tensor }],
    outputs: [{ name: 'y', ...tensor }],
  };
  const server = await serve({ 'resnet.remote.json': JSON.stringify(description) });
  expect(server.description).toMatchObject({ backend: 'fpga', models: [{ name: 'resnet', version: 0 }] });
  expect(await score(server.scoringUri)).toEqual(predictions);
});

it('serves a registered model of several files by its main file', async () => {
  const workspace = await openWorkspace();
  const folder = await temporaryFolder();
  // a file that comes before model.json by its name
  await writeFile(path.join(folder, 'a.txt'), 'notes');
  for (const [name, bytes] of Object.entries(tfjsFiles)) await writeFile(path.join(folder, name), bytes);
  await workspace.models.register({ name: 'tiny', path: folder });
  const server = await workspace.serve({ model: 'tiny' });
  onTestFinished(() => server[Symbol.asyncDispose]());
  expect(await score(server.scoringUri)).toEqual(predictions);
});

it('takes the first backend of a list that can run it, and says why', async () => {
  const { description } = await serve({ 'net.onnx': affineOnnx() }, { backend: ['tfjs', 'wasm'] });
  expect(description.backend).toBe('wasm');
  expect(description.backendReason).toMatch(
    /^the first of tfjs, wasm that can run here; .*; tfjs cannot: net:0 is not in a format/,
  );
});

it('refuses a backend that cannot run it, and execution providers that are not there', async () => {
  await expect(serve({ 'net.onnx': affineOnnx() }, { backend: 'tfjs' })).rejects.toMatchObject({
    code: 'BackendUnavailable',
    message: expect.stringContaining('available: onnx, wasm') as string,
  });
  const executionProviders = [{ name: 'openvino', device: 'CPU' }];
  await expect(serve({ 'net.onnx': affineOnnx() }, { executionProviders })).rejects.toThrow(
    'has no execution provider openvino; it has cpu',
  );
});

it.each(['nope.onnx', 'model.json', 'nope.remote.json', 'a/b'])('knows that %s is meant as a file', async (model) => {
  const workspace = await openWorkspace();
  await expect(workspace.serve({ model })).rejects.toMatchObject({ code: 'FileNotReadable' });
});

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { TestContext } from 'vitest';
import { remoteProtocols } from '@edgewright/contract';
import type { RemoteModel } from '@edgewright/contract';
import { remoteModel, sharedAccelerator } from '../../../../test/support/accelerator/start-accelerator.ts';
import { differences } from '../../../../test/support/conformance/compare-tensors.ts';
import { conformanceCases } from '../../../../test/support/conformance/conformance-cases.ts';
import type { ConformanceCase, ModelForm } from '../../../../test/support/conformance/conformance-cases.ts';
import { temporaryFolder } from '../../../../test/support/engine-fixture.ts';
import { need } from '../../../../test/support/need.ts';
import type { EngineModel } from '../engine-options.ts';
import type { NamedTensors } from '../tensor.ts';
import type { Backend, Session } from './backend.ts';
import { fpgaBackend } from './fpga/backend.ts';
import { onnxBackend } from './onnx/backend.ts';
import { tfjsBackend } from './tfjs/backend.ts';
import { wasmBackend } from './wasm/backend.ts';

// One suite for every backend: the same functions in each one's own format, the same numbers. Each case says how far a
// number may be off: 1e-6 for sums of products, 1e-5 of scikit-learn's printed figures, else not at all. The accelerator is
// a server in Python with ONNX Runtime, which shares no code with ours.

interface Contestant {
  readonly name: string;
  readonly backend: Backend;
  readonly form: ModelForm;
  /** Puts a model where the backend finds it. */
  readonly place: (one: ConformanceCase, context: TestContext) => Promise<EngineModel>;
}

const contestants: readonly Contestant[] = [
  { name: 'onnx', backend: onnxBackend, form: 'onnx', place: placeFiles },
  { name: 'wasm', backend: wasmBackend, form: 'onnx', place: placeFiles },
  { name: 'tfjs with graph models', backend: tfjsBackend, form: 'graph', place: placeFiles },
  { name: 'tfjs with layers models', backend: tfjsBackend, form: 'layers', place: placeFiles },
  ...remoteProtocols.map((protocol) => ({
    name: `fpga over ${protocol}`,
    backend: fpgaBackend,
    form: 'onnx' as const,
    place: (one: ConformanceCase, context: TestContext) => placeRemote(protocol, one, context),
  })),
];

async function placeFiles({ files }: ConformanceCase): Promise<EngineModel> {
  const folder = path.join(await temporaryFolder(), 'tiny', '1');
  await mkdir(folder, { recursive: true });
  for (const { name, bytes } of files) await writeFile(path.join(folder, name), bytes);
  const file = path.join(folder, files[0]?.name ?? '');
  return { name: 'tiny', version: 1, path: file, format: file.endsWith('.onnx') ? 'onnx' : 'tfjs' };
}

async function placeRemote(
  protocol: RemoteModel['protocol'],
  { name, files, inputs, expected }: ConformanceCase,
  context: TestContext,
): Promise<EngineModel> {
  const { executable } = await need(context, 'python');
  const server = await sharedAccelerator(executable);
  for (const file of files) await server.addFile(file.name.replace('model.onnx', `${name}.onnx`), file.bytes);
  return remoteModel({
    protocol,
    address: server.address,
    model: { name },
    inputs: specsOf(inputs),
    outputs: specsOf(expected),
  });
}

function specsOf(tensors: NamedTensors): RemoteModel['inputs'] {
  return Object.entries(tensors).map(([name, { datatype, shape }]) => ({ name, datatype, shape: shape.map(() => -1) }));
}

async function load({ backend, place }: Contestant, one: ConformanceCase, context: TestContext): Promise<Session> {
  const session = await backend.load(await place(one, context), { threads: 1 });
  onTestFinished(() => session.release());
  return session;
}

const cases = {
  onnx: await conformanceCases('onnx'),
  graph: await conformanceCases('graph'),
  layers: await conformanceCases('layers'),
};

describe.each(contestants)('$name', (contestant) => {
  const all = cases[contestant.form];
  const [affine, ...others] = all as [ConformanceCase, ...ConformanceCase[]];
  const perceptron = others.find(({ name }) => name.includes('perceptron')) ?? affine;

  it('is available here, with a reason', async () => {
    expect(await contestant.backend.probe()).toEqual({ available: true, reason: expect.stringMatching(/ /) as string });
  });

  it('says what a model takes and gives, with -1 for free dimensions', async (context) => {
    const { signature, leftOut } = await load(contestant, affine, context);
    const shape = [-1, contestant.backend === fpgaBackend ? -1 : 3];
    expect(signature).toEqual({
      inputs: [{ name: 'x', datatype: 'FP32', shape }],
      outputs: [{ name: 'y', datatype: 'FP32', shape }],
    });
    expect(leftOut).toEqual([]);
  });

  it.for(all)('gives $name', async (one, context) => {
    const session = await load(contestant, one, context);
    const outputs = await session.run(one.inputs);
    expect(differences(outputs, one.expected, one.tolerance)).toEqual([]);
  });

  it('runs the same session again and again with the same result', async (context) => {
    const session = await load(contestant, affine, context);
    const run = async (): Promise<string[]> => differences(await session.run(affine.inputs), affine.expected, 0);
    expect([await run(), ...(await Promise.all([run(), run()])), await run()]).toEqual([[], [], [], []]);
  });

  it('runs several models side by side', async (context) => {
    const [one, two] = [await load(contestant, affine, context), await load(contestant, perceptron, context)];
    const first = await two.run(perceptron.inputs);
    const [outputs, again] = await Promise.all([one.run(affine.inputs), two.run(perceptron.inputs)]);
    expect(differences(outputs, affine.expected, 0)).toEqual([]);
    expect(again).toEqual(first);
  });
});

import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Datatype } from '@edgewright/contract';
import {
  bundledWorker,
  recordingLog,
  temporaryFolder,
  testEngine,
} from '../../../../../test/support/engine-fixture.ts';
import {
  affineGraph,
  affineLayers,
  squaresGraph,
  tfjsModel,
  tinyGraph,
  unaryGraph,
  withDocument,
} from '../../../../../test/support/tiny-tfjs.ts';
import type { EngineModel } from '../../engine-options.ts';
import type { Tensor, TensorData } from '../../tensor.ts';
import type { Session } from '../backend.ts';
import { tfjsBackend } from './backend.ts';
import { loadRuntime } from './runtime.ts';

type Files = Parameters<typeof tfjsModel>[0];

async function load(files: Files): Promise<Session> {
  const session = await tfjsBackend.load(await tfjsModel(files), { threads: 1 });
  onTestFinished(() => session.release());
  return session;
}

const fp32 = (shape: readonly number[], values: readonly number[]): Tensor => ({
  datatype: 'FP32',
  shape,
  data: Float32Array.from(values),
});

const identity = { op: 'Identity' } as const;

describe('element types', () => {
  it.each([
    { type: 'DT_FLOAT', datatype: 'FP32', data: Float32Array.of(Number.NaN, -Infinity, 1.5) },
    { type: 'DT_INT32', datatype: 'INT32', data: Int32Array.of(-2_147_483_648, 0, 2_147_483_647) },
    { type: 'DT_BOOL', datatype: 'BOOL', data: Uint8Array.of(0, 1, 1) },
    { type: 'DT_STRING', datatype: 'BYTES', data: ['', 'text', 'ünï→🙂'] },
  ] satisfies { type: Parameters<typeof unaryGraph>[1]; datatype: Datatype; data: TensorData }[])(
    'carries $datatype exactly',
    async ({ type, datatype, data }) => {
      const session = await load(unaryGraph(identity, type, [-1]));
      expect(session.signature.inputs[0]?.datatype).toBe(datatype);
      expect(await session.run({ x: { datatype, shape: [3], data } })).toEqual({ y: { datatype, shape: [3], data } });
    },
  );

  it('says INT32 for 64-bit whole numbers, which TensorFlow.js keeps in 32 bits', async () => {
    const session = await load(unaryGraph(identity, 'DT_INT64', [-1]));
    expect(session.signature.inputs).toEqual([{ name: 'x', datatype: 'INT32', shape: [-1] }]);
  });

  it('refuses a tensor of a type that TensorFlow.js does not have', async () => {
    const session = await load(unaryGraph(identity, 'DT_FLOAT', [-1]));
    const x: Tensor = { datatype: 'FP64', shape: [1], data: Float64Array.of(1) };
    await expect(session.run({ x })).rejects.toMatchObject({ code: 'InputInvalid' });
  });

  it('carries scalars', async () => {
    const session = await load(unaryGraph(identity, 'DT_FLOAT', []));
    expect(await session.run({ x: fp32([], [2.5]) })).toEqual({ y: fp32([], [2.5]) });
  });
});

describe('graph models', () => {
  it('run with operators whose shapes depend on values', async () => {
    const session = await load(
      tinyGraph({
        inputs: [{ name: 'x', type: 'DT_BOOL', shape: [-1] }],
        outputs: [{ name: 'y', type: 'DT_INT64', shape: [-1, 1] }],
        nodes: [{ name: 'y', op: 'Where', input: ['x'] }],
        weights: [],
      }),
    );
    for (let i = 0; i < 2; i += 1) {
      const { y } = await session.run({ x: { datatype: 'BOOL', shape: [4], data: Uint8Array.of(0, 1, 0, 1) } });
      expect(y).toEqual({ datatype: 'INT32', shape: [2, 1], data: Int32Array.of(1, 3) });
    }
  });

  it('run on the cpu kernels when they have an operator that the wasm kernels lack', async () => {
    const { log, lines } = recordingLog();
    const session = await tfjsBackend.load(await tfjsModel(squaresGraph()), { threads: 1, log });
    onTestFinished(() => session.release());
    for (let i = 0; i < 2; i += 1) {
      expect(await session.run({ x: fp32([3], [1, 2, 3]) })).toEqual({ y: fp32([3], [1, 4, 9]) });
    }
    expect(lines.map(({ level, text }) => `${level}: ${text}`)).toEqual([
      'warn: tiny:1 runs on the cpu kernels of TensorFlow.js, which are slower: the wasm kernels lack Einsum',
    ]);
    const other = await load(affineGraph());
    expect((await other.run({ x: fp32([1, 3], [1, 2, 3]) }))['y']?.data).toEqual(Float32Array.of(3, 5, 7));
  });

  it('say by two runs on zeros what they give, when model.json does not', async () => {
    const session = await load(
      withDocument(affineGraph(), (document) => {
        delete document['signature'];
      }),
    );
    expect(session.signature).toEqual({
      inputs: [{ name: 'serving_default_x', datatype: 'FP32', shape: [-1, 3] }],
      outputs: [{ name: 'Identity', datatype: 'FP32', shape: [-1, 3] }],
    });
    const { Identity } = await session.run({ serving_default_x: fp32([1, 3], [1, 2, 3]) });
    expect(Identity?.data).toEqual(Float32Array.of(3, 5, 7));
  });

  it('are known by their nodes when model.json does not say its form', async () => {
    const session = await load(
      withDocument(affineGraph(), (document) => {
        delete document['format'];
      }),
    );
    expect(session.signature.inputs[0]?.name).toBe('x');
  });

  it('may have weights in several files and in eight bits', async () => {
    const [document] = withDocument(affineGraph(), (json) => {
      const quantized = (dtype: string): object => ({ dtype, scale: 0.5, min: 1, original_dtype: 'float32' });
      json['weightsManifest'] = [
        { paths: ['a.bin'], weights: [{ name: 'factor', shape: [1], dtype: 'float32', quantization: quantized('uint8') }] },
        { paths: ['b.bin', 'c.bin'], weights: [{ name: 'one', shape: [1], dtype: 'float32' }] },
      ]; // prettier-ignore
    });
    const one = Buffer.from(Float32Array.of(1).buffer);
    const session = await load([
      ...(document === undefined ? [] : [document]),
      { name: 'a.bin', bytes: Uint8Array.of(2) },
      { name: 'b.bin', bytes: one.subarray(0, 1) },
      { name: 'c.bin', bytes: one.subarray(1) },
    ]);
    expect((await session.run({ x: fp32([1, 3], [1, 2, 3]) }))['y']?.data).toEqual(Float32Array.of(3, 5, 7));
  });
});

describe('memory', () => {
  it.each([
    { form: 'graph', files: affineGraph },
    { form: 'layers', files: affineLayers },
  ])('is given back after every run and at release: $form', async ({ files }) => {
    const { core } = await loadRuntime();
    const before = core.memory().numTensors;
    const session = await tfjsBackend.load(await tfjsModel(files()), { threads: 1 });
    const loaded = core.memory().numTensors;
    for (let i = 0; i < 5; i += 1) await session.run({ x: fp32([2, 3], [1, 2, 3, 4, 5, 6]) });
    await expect(session.run({ x: fp32([6], [1, 2, 3, 4, 5, 6]) })).rejects.toMatchObject({ code: 'ScoringFailed' });
    expect(core.memory().numTensors).toBe(loaded);
    await session.release();
    expect(core.memory().numTensors).toBe(before);
  });
});

describe('refusals', () => {
  const changed = (key: string, value: unknown) => (document: Record<string, unknown>) => {
    document[key] = value;
  };
  const weights = (paths: unknown): object[] => [{ paths, weights: [{ name: 'w', shape: [2], dtype: 'float32' }] }];
  const broken: readonly { what: string; files: Files; reason: RegExp }[] = [
    { what: 'no JSON', files: [{ name: 'model.json', bytes: Buffer.from('{"format": ') }], reason: /line 1, column 12/ },
    { what: 'JSON of another kind', files: [{ name: 'model.json', bytes: Buffer.from('[]') }], reason: /not a JSON object/ },
    { what: 'no topology', files: withDocument(affineGraph(), changed('modelTopology', null)), reason: /"modelTopology"/ },
    { what: 'an unknown form', files: withDocument(affineGraph(), changed('format', 'x')), reason: /"format" is "x"/ },
    { what: 'no form', files: withDocument(affineGraph(), (d) => Object.assign(d, { format: null, modelTopology: {} })), reason: /does not say/ },
    { what: 'a strange manifest', files: withDocument(affineGraph(), changed('weightsManifest', [{}])), reason: /"weightsManifest" is not/ },
    { what: 'weights elsewhere', files: withDocument(affineGraph(), changed('weightsManifest', weights(['../w.bin']))), reason: /"\.\.\/w\.bin", which is not below/ },
    { what: 'weights at an address', files: withDocument(affineGraph(), changed('weightsManifest', weights(['http://h/w']))), reason: /not below/ },
    { what: 'weights that are not there', files: affineGraph().slice(0, 1), reason: /weights\.bin/ },
    { what: 'too few weights', files: affineGraph().map((f) => (f.name === 'model.json' ? f : { ...f, bytes: f.bytes.subarray(1) })), reason: /take 8 bytes, but weights\.bin has 7/ },
    { what: 'an unknown layer', files: withDocument(affineLayers(), changed('modelTopology', { class_name: 'Nonsense', config: {} })), reason: /Nonsense/ },
  ]; // prettier-ignore

  it.each(broken)('a model with $what', async ({ files, reason }) => {
    const model = await tfjsModel(files, 'broken', 3);
    await expect(tfjsBackend.load(model, { threads: 1 })).rejects.toMatchObject({
      code: 'ModelNotLoadable',
      message: expect.stringMatching(/^cannot load the model broken:3 from .*model\.json: .{10}/) as string,
    });
    await expect(tfjsBackend.load(model, { threads: 1 })).rejects.toThrow(reason);
  });

  it('an operator that TensorFlow.js does not have, when it runs', async () => {
    const session = await load(unaryGraph({ op: 'NoSuchOperator' }, 'DT_FLOAT', [-1]));
    await expect(session.run({ x: fp32([1], [1]) })).rejects.toMatchObject({
      code: 'ScoringFailed',
      message: expect.stringMatching(/^tiny:1 failed while running: .*NoSuchOperator/) as string,
    });
  });
});

describe('an engine with a model of TensorFlow.js', () => {
  it.each(['inline', 'worker'] as const)('chooses the backend by the format and scores %s', async (execution) => {
    const models: EngineModel[] = [await tfjsModel(affineLayers())];
    const engine = await testEngine({ models, execution });
    expect(engine.describe()).toMatchObject({ backend: 'tfjs' });
    const { value, backend } = await engine.score({ requestId: 'r', data: { data: [[1, 2, 3], [4, 5, 6]] } }); // prettier-ignore
    expect(value).toEqual({ predictions: [[3, 5, 7], [9, 11, 13]] }); // prettier-ignore
    expect(backend).toBe('tfjs');
  });

  it('names the backends that cannot read it, when one of them was asked for', async () => {
    const models = [await tfjsModel(affineLayers())];
    await expect(testEngine({ models, backend: 'onnx', execution: 'inline' })).rejects.toMatchObject({
      code: 'BackendUnavailable',
      message: expect.stringMatching(/onnx.*tiny:1 is not in a format that it reads.*available: tfjs/) as string,
    });
  });

  it('fails to start, with the reason, where the packages are not installed', async () => {
    const worker = path.join(await temporaryFolder(), 'worker.mjs');
    await copyFile(await bundledWorker(), worker);
    const models = [await tfjsModel(affineLayers())];
    await expect(
      testEngine({ models, execution: 'worker', workerProgram: pathToFileURL(worker) }),
    ).rejects.toMatchObject({
      code: 'BackendUnavailable',
      message: expect.stringContaining('TensorFlow.js does not load: Cannot find package') as string,
    });
  });
});

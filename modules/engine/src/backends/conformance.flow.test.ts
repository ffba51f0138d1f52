import { describe, expect, it, onTestFinished } from 'vitest';
import { modelFile } from '../../../../test/support/engine-fixture.ts';
import { affineOnnx, classifierOnnx } from '../../../../test/support/tiny-models.ts';
import { tinyOnnx } from '../../../../test/support/tiny-onnx.ts';
import type { Tensor } from '../tensor.ts';
import type { Backend, Session } from './backend.ts';
import { backendList } from './list.ts';

// What only ONNX has, on every backend that reads it; numbers are compared in same-numbers.flow.test.ts.
const onnxBackends = backendList.filter((backend) => backend.formats.includes('onnx'));

async function load(backend: Backend, bytes: Uint8Array): Promise<Session> {
  const session = await backend.load(await modelFile(bytes), { threads: 1 });
  onTestFinished(() => session.release());
  return session;
}

const fp32 = (shape: readonly number[], values: readonly number[]): Tensor => ({
  datatype: 'FP32',
  shape,
  data: Float32Array.from(values),
});

describe.each(onnxBackends.map((backend) => ({ name: backend.name, backend })))('the backend $name', ({ backend }) => {
  it('is available here', async () => {
    expect(await backend.probe()).toMatchObject({ available: true });
  });

  it('says what a model takes and gives, with -1 for free dimensions', async () => {
    const { signature } = await load(backend, affineOnnx());
    expect(signature).toEqual({
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 3] }],
    });
  });

  it('hands out the tensors of a classifier and names the maps that it leaves out', async () => {
    const session = await load(backend, classifierOnnx());
    expect(session.leftOut).toEqual(['probabilities']);
    expect(session.signature.outputs.map((output) => output.name)).toEqual(['label']);
    const { label } = await session.run({ x: fp32([2, 2], [0.1, 0.9, 0.8, 0.2]) });
    expect(label).toEqual({ datatype: 'INT64', shape: [2], data: BigInt64Array.of(1n, 0n) });
  });

  it('refuses a model that gives nothing but maps, and says how to export it', async () => {
    await expect(load(backend, classifierOnnx({ label: false }))).rejects.toMatchObject({
      code: 'ModelNotLoadable',
      message: expect.stringContaining('zipmap=False') as string,
    });
  });

  it.each([
    { what: 'bytes that are no model', bytes: Buffer.from('not a model') },
    { what: 'an empty file', bytes: new Uint8Array() },
    { what: 'an operator set of the future', bytes: tinyOnnx({ inputs: [], outputs: [{ name: 'y', shape: [1] }], nodes: [{ op: 'NoSuchOperator', inputs: [], outputs: ['y'] }] }) }, // prettier-ignore
  ])('refuses $what, naming the file and the reason', async ({ bytes }) => {
    const file = await modelFile(bytes, 'broken', 3);
    await expect(backend.load(file, { threads: 1 })).rejects.toMatchObject({
      code: 'ModelNotLoadable',
      message: expect.stringMatching(/^cannot load the model broken:3 from .*model\.onnx: .{10}/) as string,
    });
  });

  it('refuses a model file that is not there', async () => {
    const file = { ...(await modelFile(affineOnnx())), path: '/nowhere/model.onnx' };
    await expect(backend.load(file, { threads: 1 })).rejects.toMatchObject({ code: 'ModelNotLoadable' });
  });

  it('says why a run failed', async () => {
    const session = await load(
      backend,
      tinyOnnx({
        inputs: [{ name: 'x', shape: ['N'] }],
        outputs: [{ name: 'y', shape: ['M'] }],
        nodes: [{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }],
        weights: [{ name: 'w', shape: [3], data: Float32Array.of(1, 2, 3) }],
      }),
    );
    await expect(session.run({ x: fp32([2], [1, 2]) })).rejects.toMatchObject({
      code: 'ScoringFailed',
      message: expect.stringContaining('tiny:1') as string,
    });
  });
});

import { expect, it, onTestFinished } from 'vitest';
import { modelFile, testEngine } from '../../../../../test/support/engine-fixture.ts';
import { affineOnnx } from '../../../../../test/support/tiny-models.ts';
import { onnxBackend } from './backend.ts';

const data = { data: [[1, 2, 3]] };

it('hands options of execution providers to the runtime', async () => {
  const model = await modelFile(affineOnnx());
  const executionProviders = [{ name: 'cpu', useArena: false }];
  const session = await onnxBackend.load(model, { threads: 1, executionProviders });
  onTestFinished(() => session.release());
  const { y } = await session.run({ x: { datatype: 'FP32', shape: [1, 3], data: Float32Array.of(1, 2, 3) } });
  expect(y?.data).toEqual(Float32Array.of(3, 5, 7));
});

it.each(['inline', 'worker'] as const)('takes them from the options of an engine that runs %s', async (execution) => {
  const engine = await testEngine({ onnx: affineOnnx(), execution, backend: 'onnx', executionProviders: ['cpu'] });
  expect((await engine.score({ requestId: 'r', data })).value).toEqual({ predictions: [[3, 5, 7]] });
});

it('refuses a provider that the runtime does not know, with those that it knows', async () => {
  const options = { onnx: affineOnnx(), executionProviders: ['openvino', 'cpu'] } as const;
  await expect(testEngine({ ...options, execution: 'inline' })).rejects.toMatchObject({
    code: 'BackendUnavailable',
    message: expect.stringMatching(
      /onnxruntime-node on \S+ has no execution provider openvino; it has cpu, .*wasm: it has no execution providers, and openvino, cpu was asked for/,
    ) as string,
  });
});

it('takes the second of a list when the first has no such provider, but never by itself', async () => {
  const asked = { onnx: affineOnnx(), execution: 'inline', executionProviders: ['openvino'] } as const;
  await expect(testEngine({ ...asked, backend: ['onnx', 'wasm'] })).rejects.toMatchObject({
    code: 'BackendUnavailable',
  });
});

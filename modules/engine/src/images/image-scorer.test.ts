import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { modelFile, testEngine } from '../../../../test/support/engine-fixture.ts';
import { identityOnnx, sumAndProductOnnx } from '../../../../test/support/tiny-models.ts';
import { tinyOnnx } from '../../../../test/support/tiny-onnx.ts';

/** Four pixels as four scores: `x` FP32[N,1,2,2] to `y` FP32[N,4]. */
const flattenOnnx = (): Uint8Array =>
  tinyOnnx({
    inputs: [{ name: 'x', shape: ['N', 1, 2, 2] }],
    outputs: [{ name: 'y', shape: ['N', 4] }],
    nodes: [{ op: 'Flatten', inputs: ['x'], outputs: ['y'], attributes: { axis: { int: 1 } } }],
  });

const png = (...pixels: number[]): Promise<Buffer> =>
  sharp(Buffer.from(pixels), { raw: { width: 2, height: 2, channels: 1 } })
    .png()
    .toBuffer();

const request = { requestId: 'r', data: undefined };

describe.each(['inline', 'worker', 'process'] as const)('images, %s', (execution) => {
  it('become tensors, and scores become classes', async () => {
    const images = { preprocess: { scale: 1 }, postprocess: { topK: 2, labels: ['a', 'b', 'c', 'd'] } };
    const engine = await testEngine({ onnx: flattenOnnx(), execution, images });
    expect(engine.describe()).toMatchObject({ images: true });
    const { value } = await engine.score({ ...request, image: await png(10, 40, 20, 30) });
    expect(value).toEqual({ predictions: [{ index: 1, label: 'b', score: 40 }, { index: 3, label: 'd', score: 30 }] }); // prettier-ignore
    await expect(engine.score({ ...request, image: Buffer.from('x') })).rejects.toMatchObject({
      code: 'PictureInvalid',
    });
  });
});

describe('a service that declares images', () => {
  it('gives the outputs as they are when it declares no classes', async () => {
    const engine = await testEngine({ onnx: flattenOnnx(), execution: 'inline', images: { preprocess: { scale: 1 } } });
    const { value } = await engine.score({ ...request, image: await png(1, 2, 3, 4) });
    expect(value).toEqual({ predictions: [[1, 2, 3, 4]] });
  });

  it('names the classes of rows of numbers too', async () => {
    const engine = await testEngine({ onnx: identityOnnx('FP32', ['N', 2]), execution: 'inline', images: { postprocess: { topK: 1 } } }); // prettier-ignore
    const { value } = await engine.score({ ...request, data: { data: [[1, 2], [4, 3]] } }); // prettier-ignore
    expect(value).toEqual({ predictions: [[{ index: 1, score: 2 }], [{ index: 0, score: 4 }]] });
    await expect(engine.score({ ...request, image: await png(1, 2, 3, 4) })).rejects.toThrow('the service takes none');
  });

  it('reads labels from a file of the model, and from nowhere else', async () => {
    const model = await modelFile(flattenOnnx());
    await writeFile(path.join(path.dirname(model.path), 'labels.txt'), 'one\ntwo\r\nthree\nfour\n');
    const start = (labels: string) => testEngine({ models: [model], execution: 'inline', images: { preprocess: { scale: 1 }, postprocess: { topK: 1, labels } } }); // prettier-ignore
    const engine = await start('labels.txt');
    const { value } = await engine.score({ ...request, image: await png(1, 9, 3, 4) });
    expect(value).toEqual({ predictions: [{ index: 1, label: 'two', score: 9 }] });
    await expect(start('../labels.txt')).rejects.toThrow("not inside the model's folder");
    await expect(start('missing.txt')).rejects.toMatchObject({ code: 'ImageSettingsInvalid' });
  });

  it('needs a model with one input', async () => {
    await expect(testEngine({ onnx: sumAndProductOnnx(), execution: 'inline', images: { preprocess: { input: 'a' } } })).rejects.toMatchObject({ code: 'ImageSettingsInvalid' }); // prettier-ignore
  });

  it('lends its declaration to an entry script', async () => {
    const script = `
      let context: any;
      export function init(given: any) { context = given; }
      export async function run(data: { png: string }) {
        const bytes = Buffer.from(data.png, 'base64');
        const declared = await context.decodeImage(bytes);
        const own = await context.decodeImage(bytes, { scale: 2 });
        return [declared.data, own.data];
      }`;
    const engine = await testEngine({ onnx: flattenOnnx(), execution: 'inline', script, images: { preprocess: { scale: 1 } } }); // prettier-ignore
    const { value } = await engine.score({ ...request, data: { png: (await png(1, 2, 3, 4)).toString('base64') } });
    expect(value).toEqual([[1, 2, 3, 4], [2, 4, 6, 8]]); // prettier-ignore
  });
});

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createEngine } from '@edgewright/engine';
import type { Engine, EngineModel, EngineOptions } from '@edgewright/engine';
import { digitPng } from './digit-png.ts';
import { mostLikely, predictDigits } from './network/network.ts';
import { trainNetwork } from './network/train-network.ts';
import { imagesOf, readDigitsTable, SIDE } from './table.ts';

const { train, test } = await readDigitsTable();
const labels = test.map((digit) => digit.label);
const images = imagesOf(test);
const models = new URL('models/', import.meta.url);
const entryScript = fileURLToPath(new URL('score.ts', import.meta.url));

const forms = [
  { name: 'ONNX on onnx', backend: 'onnx', file: 'digits.onnx', format: 'onnx', shape: [1, SIDE, SIDE] },
  { name: 'ONNX on wasm', backend: 'wasm', file: 'digits.onnx', format: 'onnx', shape: [1, SIDE, SIDE] },
  { name: 'graph model on tfjs', backend: 'tfjs', file: 'tfjs-graph/model.json', format: 'tfjs', shape: [SIDE, SIDE, 1] },
  { name: 'layers model on tfjs', backend: 'tfjs', file: 'tfjs-layers/model.json', format: 'tfjs', shape: [SIDE, SIDE, 1] },
] as const; // prettier-ignore

type Form = (typeof forms)[number];

async function engineFor({ backend, file, format }: Form, rest: Partial<EngineOptions> = {}): Promise<Engine> {
  const path = fileURLToPath(new URL(file, models));
  const model: EngineModel = { name: 'digits', version: 1, path, format };
  const modelDirectory = fileURLToPath(models);
  const engine = await createEngine({
    models: [model],
    modelDirectory,
    backend,
    threads: 1,
    execution: 'inline',
    ...rest,
  });
  onTestFinished(() => engine[Symbol.asyncDispose]());
  return engine;
}

async function probabilitiesOf(form: Form): Promise<Float32Array> {
  const engine = await engineFor(form);
  const image = { datatype: 'FP32', shape: [test.length, ...form.shape], data: images.slice() } as const;
  const { outputs } = await engine.infer({ requestId: 'all', inputs: { image } });
  return outputs['probabilities']?.data as Float32Array;
}

const share = (digits: readonly number[]): number =>
  digits.filter((digit, i) => digit === labels[i]).length / labels.length;

describe('the digits table', () => {
  it('is divided into 1438 rows to learn from and every fifth, 359, to test with', () => {
    expect([train.length, test.length]).toEqual([1438, 359]);
    expect(test.slice(0, 3).map((digit) => digit.row)).toEqual([4, 9, 14]);
    expect(new Set(labels)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
  });
});

describe('training', () => {
  const lesson = { images: imagesOf(train.slice(0, 600)), labels: train.slice(0, 600).map((digit) => digit.label) };

  it('learns: two short epochs make most digits right', () => {
    const losses: number[] = [];
    const network = trainNetwork(lesson, { seed: 1, epochs: 2, onEpoch: (_, loss) => losses.push(loss) });
    expect(losses[1]).toBeLessThan((losses[0] ?? 0) / 2);
    expect(share(predictDigits(network, images))).toBeGreaterThan(0.75);
  });

  it('gives the same weights for the same seed, others for another', () => {
    const small = { images: lesson.images.slice(0, 64 * 40), labels: lesson.labels.slice(0, 40) };
    const weights = (seed: number) => trainNetwork(small, { seed, epochs: 1 });
    expect(weights(3)).toEqual(weights(3));
    expect(weights(4)).not.toEqual(weights(3));
  });
});

describe('the committed models', () => {
  it.each(forms)('$name: at least 0.97 of the digits held out are right', async (form) => {
    expect(share(mostLikely(await probabilitiesOf(form)))).toBeGreaterThanOrEqual(0.97);
  });

  it('see the same digit in all rows held out, and probabilities differ by less than 1e-5', async () => {
    const results = await Promise.all(forms.map(probabilitiesOf));
    const [first = new Float32Array(), ...others] = results;
    expect(first).toHaveLength(test.length * 10);
    for (const other of others) {
      expect(mostLikely(other)).toEqual(mostLikely(first));
      expect(Math.max(...other.map((value, i) => Math.abs(value - (first[i] ?? Number.NaN))))).toBeLessThan(1e-5);
    }
  });

  it('are small', () => {
    expect(readFileSync(new URL('digits.onnx', models)).byteLength).toBeLessThan(64 * 1024);
  });
});

describe('PNG images', () => {
  const some = test.slice(0, 60);

  it.each(forms)('$name: the entry script reads them and sees what the rows say', async (form) => {
    const rows = mostLikely(await probabilitiesOf(form)).slice(0, some.length);
    const engine = await engineFor(form, { entryScript });
    const pngs = await Promise.all(some.map(async ({ pixels }) => (await digitPng(pixels)).toString('base64')));
    const { value } = await engine.score({ requestId: 'png', data: { images: pngs } });
    expect((value as { digits: { digit: number }[] }).digits.map(({ digit }) => digit)).toEqual(rows);
  });

  it('may be larger: what resizing blurs, sixteen times a side, changes at most one digit in 20', async () => {
    const engine = await engineFor(forms[0], { entryScript });
    const scored = async (zoom: number): Promise<number[]> => {
      const pngs = await Promise.all(some.map(async ({ pixels }) => (await digitPng(pixels, zoom)).toString('base64')));
      const { value } = await engine.score({ requestId: 'png', data: { images: pngs } });
      return (value as { digits: { digit: number }[] }).digits.map(({ digit }) => digit);
    };
    const [large, small] = [await scored(16), await scored(1)];
    expect(large).toHaveLength(some.length);
    expect(large.filter((digit, i) => digit !== small[i]).length).toBeLessThanOrEqual(some.length / 20);
  });

  it('are refused with the reason when they are none', async () => {
    const engine = await engineFor(forms[0], { entryScript });
    await expect(engine.score({ requestId: 'bad', data: { images: 'no list' } })).rejects.toMatchObject({
      code: 'InputInvalid',
    });
  });
});

import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';
import type { BenchModel } from '../engine/models.ts';
import type { Comparison } from '../harness.ts';
import type { BatchStation } from './station.ts';

const IMAGES = Number(process.env['EDGEWRIGHT_BENCH_IMAGES'] ?? 400);
const GOAL = 0.95;
const [WIDTH, HEIGHT] = [320, 240];
const PREPROCESS = { fit: 'fill', scale: 1, mean: 127, std: 128 } as const;

/** Images a second of the vision model: a job on a folder of JPEG files against a loop that decodes and runs one after the other. */
export async function faceComparison(station: BatchStation, model: BenchModel): Promise<Comparison> {
  const metric = `${model.title}: a job, against a loop over session.run`;
  const folder = path.join(station.folder, 'images');
  await writeImages(folder);
  const app = await station.appOf(model, { preprocess: PREPROCESS });
  return {
    metrics: [{ metric, unit: 'images/s', better: 'larger', goal: GOAL }],
    rounds: 3,
    ours: async () => {
      const done = await station.run(app, { inputs: [folder], outputAction: 'append_row' });
      await station.forget(done);
      return { [metric]: IMAGES / done.seconds };
    },
    baseline: async () => {
      const start = performance.now();
      await plainLoop(model, folder, path.join(station.folder, 'faces.jsonl'));
      return { [metric]: (IMAGES / (performance.now() - start)) * 1000 };
    },
  };
}

async function writeImages(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (let i = 0; i < IMAGES; i += 1) {
    const pixels = Buffer.alloc(640 * 480 * 3);
    for (let at = 0; at < pixels.length; at += 1) pixels[at] = (at * (i + 7)) % 251;
    const file = path.join(folder, `image-${String(i).padStart(5, '0')}.jpg`);
    await writeFile(
      file,
      await sharp(pixels, { raw: { width: 640, height: 480, channels: 3 } })
        .jpeg()
        .toBuffer(),
    );
  }
}

async function plainLoop(model: BenchModel, folder: string, to: string): Promise<void> {
  const session = await InferenceSession.create(model.path);
  const lines: string[] = [];
  for (const name of (await readdir(folder)).toSorted()) {
    const bytes = await readFile(path.join(folder, name));
    const pixels = await sharp(bytes).resize(WIDTH, HEIGHT, { fit: 'fill' }).removeAlpha().raw().toBuffer();
    const data = new Float32Array(3 * WIDTH * HEIGHT);
    for (let pixel = 0; pixel < WIDTH * HEIGHT; pixel += 1) {
      for (let channel = 0; channel < 3; channel += 1) {
        data[channel * WIDTH * HEIGHT + pixel] = ((pixels[pixel * 3 + channel] ?? 0) - 127) / 128;
      }
    }
    const outputs = await session.run({ [model.input]: new Tensor('float32', data, [1, 3, HEIGHT, WIDTH]) });
    const shown = Object.entries(outputs).map(([output, tensor]) => [output, Array.from(tensor.data as Float32Array)]);
    lines.push(JSON.stringify({ file: name, result: Object.fromEntries(shown) }));
  }
  await writeFile(to, lines.join('\n'));
  await session.release();
}

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import type { NamedTensors } from '@edgewright/engine';
import { ridgeToOnnx } from '../../examples/diabetes/ridge-onnx.ts';
import { fitRidge } from '../../examples/diabetes/ridge.ts';
import { readDiabetesTable } from '../../examples/diabetes/table.ts';
import { perceptronOnnx, slowOnnx } from '../../test/support/tiny-models.ts';
import { tinyOnnx } from '../../test/support/tiny-onnx.ts';

/** A model file with something to score. */
export interface BenchModel {
  /** For the table. */
  readonly title: string;
  readonly path: string;
  readonly input: string;
  readonly shape: readonly number[];
}

export interface BenchModels {
  /** Ridge regression on ten numbers: nothing but overhead. */
  readonly diabetes: BenchModel;
  /** A perceptron with 256 hidden units, one row. */
  readonly perceptron: BenchModel;
  /** Face detection, or convolutions of about the same cost when no face model is given. */
  readonly vision: BenchModel;
  /** About 35 ms a run on one core. */
  readonly slow: BenchModel;
}

const FACE_MODEL_VARIABLE = 'EDGEWRIGHT_FACE_MODEL';

/** Writes the models of the bench. `EDGEWRIGHT_FACE_MODEL` may name UltraFace RFB-320, which is not part of the project. */
export async function writeModels(folder: string): Promise<BenchModels> {
  const write = async (name: string, bytes: Uint8Array): Promise<string> => {
    const file = path.join(folder, `${name}.onnx`);
    await writeFile(file, bytes);
    return file;
  };
  const face = process.env[FACE_MODEL_VARIABLE];
  if (face === undefined) {
    process.stderr.write(`engine: ${FACE_MODEL_VARIABLE} names no face model; convolutions stand in for it\n`);
  }
  const ridge = ridgeToOnnx(fitRidge((await readDiabetesTable()).train, 0.4));
  return {
    diabetes: { title: 'diabetes', path: await write('diabetes', ridge), input: 'features', shape: [1, 10] },
    perceptron: { title: 'perceptron', path: await write('perceptron', perceptronOnnx(64, 256, 10)), input: 'x', shape: [1, 64] }, // prettier-ignore
    vision:
      face === undefined
        ? { title: 'convolutions', path: await write('vision', convolutionsOnnx()), input: 'input', shape: [1, 3, 240, 320] }
        : { title: 'face detection', path: path.resolve(face), input: 'input', shape: [1, 3, 240, 320] },
    slow: { title: 'slow model', path: await write('slow', slowOnnx(35)), input: 'x', shape: [320, 320] },
  }; // prettier-ignore
}

/** A new input each time: the engine hands arrays over to workers. */
export function inputOf({ input, shape }: BenchModel): NamedTensors {
  const size = shape.reduce((product, length) => product * length, 1);
  return { [input]: { datatype: 'FP32', shape: [...shape], data: new Float32Array(size).fill(0.25) } };
}

const CHANNELS = 16;
const LAYERS = 4;

/** An image of 320 by 240 through a few 3×3 convolutions of stride 2 and 1. */
function convolutionsOnnx(): Uint8Array {
  const names = Array.from({ length: LAYERS + 1 }, (_, i) =>
    i === 0 ? 'input' : i === LAYERS ? 'output' : `layer${i}`,
  );
  return tinyOnnx({
    inputs: [{ name: 'input', shape: [1, 3, 240, 320] }],
    outputs: [{ name: 'output', shape: [1, CHANNELS, 60, 80] }],
    nodes: names.slice(1).map((output, i) => ({
      op: 'Conv',
      inputs: [names[i] ?? '', `w${i}`],
      outputs: [output],
      attributes: { pads: { ints: [1, 1, 1, 1] }, strides: { ints: i < 2 ? [2, 2] : [1, 1] } },
    })),
    weights: names.slice(1).map((_, i) => {
      const inputs = i === 0 ? 3 : CHANNELS;
      const data = Float32Array.from({ length: CHANNELS * inputs * 9 }, (_weight, at) => Math.sin(at) / 12);
      return { name: `w${i}`, shape: [CHANNELS, inputs, 3, 3], data };
    }),
  });
}

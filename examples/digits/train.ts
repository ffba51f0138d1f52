import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ModelFile } from '../model-files/tfjs-model.ts';
import { networkToOnnx } from './network/network-onnx.ts';
import { networkToGraphModel, networkToLayersModel } from './network/network-tfjs.ts';
import { predictDigits } from './network/network.ts';
import { trainNetwork } from './network/train-network.ts';
import { imagesOf, readDigitsTable } from './table.ts';

// Trains the network on the digits table and writes it as ONNX and as both forms of TensorFlow.js. The same seed gives the
// same weights; those in examples/digits/models were written by
//   node bin/run-node.mjs examples/digits/train.ts examples/digits/models

const SEED = 1;
const EPOCHS = 16;

const [folder = 'digits'] = process.argv.slice(2);
const { train, test } = await readDigitsTable();
const network = trainNetwork(
  { images: imagesOf(train), labels: train.map((digit) => digit.label) },
  {
    seed: SEED,
    epochs: EPOCHS,
    onEpoch: (epoch, loss) => console.log(`epoch ${epoch + 1} of ${EPOCHS}: loss ${loss.toFixed(4)}`),
  },
);
await write('', [{ name: 'digits.onnx', bytes: networkToOnnx(network) }]);
await write('tfjs-layers', networkToLayersModel(network));
await write('tfjs-graph', networkToGraphModel(network));
const predicted = predictDigits(network, imagesOf(test));
const right = test.filter((digit, i) => digit.label === predicted[i]).length;
const share = ((100 * right) / test.length).toFixed(2);
console.log(`wrote ${folder}: ${right} of ${test.length} digits that it has not seen are right (${share} %)`);

async function write(subfolder: string, files: readonly ModelFile[]): Promise<void> {
  await mkdir(path.join(folder, subfolder), { recursive: true });
  for (const { name, bytes } of files) await writeFile(path.join(folder, subfolder, name), bytes);
}

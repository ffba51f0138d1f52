import { writeFile } from 'node:fs/promises';
import { ridgeToOnnx } from './ridge-onnx.ts';
import { fitRidge, predict, rSquared } from './ridge.ts';
import { readDiabetesTable } from './table.ts';

// Trains the ridge regression on the diabetes table and writes it as ONNX:
//   node bin/run-node.mjs examples/diabetes/train.ts diabetes.onnx

const ALPHA = 0.4;

const [file = 'diabetes.onnx'] = process.argv.slice(2);
const table = await readDiabetesTable();
const model = fitRidge(table.train, ALPHA);
await writeFile(file, ridgeToOnnx(model));
const quality = rSquared(
  table.test.map((patient) => patient.target),
  table.test.map((patient) => predict(model, patient.features)),
);
console.log(`wrote ${file}: R² ${quality.toFixed(4)} on ${table.test.length} patients it has not seen`);

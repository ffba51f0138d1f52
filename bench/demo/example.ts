import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Workspace } from 'edgewright';
import { ridgeToOnnx } from '../../examples/diabetes/ridge-onnx.ts';
import { fitRidge } from '../../examples/diabetes/ridge.ts';
import { readDiabetesTable } from '../../examples/diabetes/table.ts';

/** The diabetes example, trained and registered as `diabetes:1` in a folder of the bench. */
export interface Example extends AsyncDisposable {
  readonly folder: string;
  readonly workspace: Workspace;
  readonly modelFile: string;
  readonly inferenceConfig: string;
  /** Feature rows that messages carry. */
  readonly rows: readonly (readonly number[])[];
  /** Writes the model trained with another strength of regularisation: a new version of the same size. */
  retrain(alpha: number): Promise<void>;
}

/** Prepares the example below `folder`. */
export async function openExample(folder: string): Promise<Example> {
  const table = await readDiabetesTable();
  const workspace = await Workspace.open(path.join(folder, 'workspace'));
  const modelFile = path.join(folder, 'diabetes.onnx');
  const retrain = (alpha: number): Promise<void> => writeFile(modelFile, ridgeToOnnx(fitRidge(table.train, alpha)));
  await retrain(0.4);
  await workspace.models.register({ name: 'diabetes', path: modelFile });
  return {
    folder,
    workspace,
    modelFile,
    inferenceConfig: fileURLToPath(new URL('../../examples/diabetes/inferenceconfig.json', import.meta.url)),
    rows: table.test.map((patient) => patient.features),
    retrain,
    [Symbol.asyncDispose]: () => workspace[Symbol.asyncDispose](),
  };
}

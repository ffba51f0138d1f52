import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { modelFile, testEngine } from '../../../../test/support/engine-fixture.ts';
import { affineOnnx } from '../../../../test/support/tiny-models.ts';

const script = `
  let context: any;
  export const input = { model: { standard: 'double' }, x: { ndarray: [[1, 2, 3]], datatype: 'FP32' } };
  export function init(given: any) { context = given; }
  export async function run({ model, x }: any) {
    const { y } = await context.models.get(model).run({ x });
    return { y: y.data, names: context.models.names, folder: context.modelDirectory, variable: process.env.AZUREML_MODEL_DIR };
  }`;

describe('an entry script with several models', () => {
  it('finds each by its name, and the folder above them in AZUREML_MODEL_DIR', async () => {
    const double = await modelFile(affineOnnx(2), 'double', 1);
    const triple = await modelFile(affineOnnx(3), 'triple', 4);
    const modelDirectory = path.dirname(path.dirname(path.dirname(double.path)));
    const engine = await testEngine({ models: [double, triple], modelDirectory, script, execution: 'process' });
    const score = async (model: string): Promise<unknown> => (await engine.score({ requestId: 'r', data: { model, x: [[1, 2, 3]] } })).value; // prettier-ignore
    const facts = { names: ['double', 'triple'], folder: modelDirectory, variable: modelDirectory };
    expect(await score('double')).toEqual({ y: [3, 5, 7], ...facts });
    expect(await score('triple')).toEqual({ y: [4, 7, 10], ...facts });
    await expect(score('other')).rejects.toThrow('there is no model "other"; there is double, triple');
  });

  it('must say which, when it asks for the only one', async () => {
    const models = [await modelFile(affineOnnx(), 'a'), await modelFile(affineOnnx(), 'b')];
    const asks = `export function init(context) { context.models.get(); }\nexport const run = () => 1;`;
    await expect(testEngine({ models, script: asks, execution: 'inline' })).rejects.toThrow(
      'init() failed at score.ts:1:48: there are several models, name one: a, b',
    );
  });
});

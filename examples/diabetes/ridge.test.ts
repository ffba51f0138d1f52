import { describe, expect, it } from 'vitest';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { fitRidge, predict, rSquared } from './ridge.ts';
import { ridgeToOnnx } from './ridge-onnx.ts';
import { readDiabetesTable } from './table.ts';

const ALPHA = 0.4;
const table = await readDiabetesTable();
const model = fitRidge(table.train, ALPHA);

describe('the ridge regression of the diabetes example', () => {
  it('divides the table into 353 rows to learn from and 89 to test with', () => {
    expect(table.train).toHaveLength(353);
    expect(table.test).toHaveLength(89);
    expect(table.featureNames).toEqual(['age', 'sex', 'bmi', 'bp', 's1', 's2', 's3', 's4', 's5', 's6']);
  });

  it("learns scikit-learn's coefficients", () => {
    // the table is written with eight digits, so the last ones differ
    model.coef.forEach((value, i) => expect(value).toBeCloseTo(table.reference.coef[i] ?? Number.NaN, 4));
    expect(model.intercept).toBeCloseTo(table.reference.intercept, 6);
  });

  it("predicts scikit-learn's figures for the two sample vectors", () => {
    const vectors = Object.entries(table.reference.predictions);
    expect(vectors).toHaveLength(2);
    for (const [vector, expected] of vectors) {
      const predicted = predict(model, JSON.parse(vector) as number[]);
      expect(Math.abs(predicted / expected - 1)).toBeLessThan(1e-7);
    }
  });

  it('explains 0.3573 of the variance of the test rows', () => {
    const predictions = table.test.map((patient) => predict(model, patient.features));
    expect(
      rSquared(
        table.test.map((patient) => patient.target),
        predictions,
      ),
    ).toBeCloseTo(table.reference.rSquaredOnTest, 9);
  });

  it('gives the same figures as an ONNX model', async () => {
    const session = await InferenceSession.create(Buffer.from(ridgeToOnnx(model)));
    for (const [vector, expected] of Object.entries(table.reference.predictions)) {
      const features = new Tensor('float32', JSON.parse(vector) as number[], [1, 10]);
      const { progression } = await session.run({ features });
      expect(Math.abs(Number(progression?.data[0]) / expected - 1)).toBeLessThan(1e-5);
    }
  });
});

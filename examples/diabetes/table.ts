import { readFile } from 'node:fs/promises';

/** One patient: ten features and the measured progression. */
export interface Patient {
  /** Row of the table, from 0. */
  readonly row: number;
  readonly features: readonly number[];
  readonly target: number;
}

/** What scikit-learn makes of the same table, to compare with. */
export interface ReferenceFit {
  readonly coef: readonly number[];
  readonly intercept: number;
  readonly rSquaredOnTest: number;
  /** Predictions by input vector, the vector written as JSON. */
  readonly predictions: Readonly<Record<string, number>>;
}

export interface DiabetesTable {
  readonly featureNames: readonly string[];
  readonly train: readonly Patient[];
  readonly test: readonly Patient[];
  readonly reference: ReferenceFit;
}

const dataDirectory = new URL('./data/', import.meta.url);

/** Reads the table and divides it as scikit-learn does in Azure ML's tutorial: 353 rows to learn from, 89 to test with. */
export async function readDiabetesTable(): Promise<DiabetesTable> {
  const [header = '', ...lines] = (await readFile(new URL('diabetes.csv', dataDirectory), 'utf8'))
    .trim()
    .split(/\r?\n/);
  const split = JSON.parse(await readFile(new URL('split.json', dataDirectory), 'utf8')) as ReferenceFit & {
    testRows: number[];
  };
  const patients = lines.map((line, row): Patient => {
    const numbers = line.split(',').map(Number);
    return { row, features: numbers.slice(0, -1), target: numbers.at(-1) ?? Number.NaN };
  });
  const heldOut = new Set(split.testRows);
  return {
    featureNames: header.split(',').slice(0, -1),
    train: patients.filter((patient) => !heldOut.has(patient.row)),
    test: split.testRows.flatMap((row) => patients[row] ?? []),
    reference: split,
  };
}

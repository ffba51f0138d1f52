/** A linear model: `target = features · coef + intercept`. */
export interface LinearModel {
  readonly coef: readonly number[];
  readonly intercept: number;
}

export interface Sample {
  readonly features: readonly number[];
  readonly target: number;
}

/**
 * Ridge regression in closed form: centres the data, then solves `(XᵀX + αI) w = Xᵀy`, so that the intercept is not
 * penalised. This is what scikit-learn's `Ridge(alpha)` computes.
 */
export function fitRidge(samples: readonly Sample[], alpha: number): LinearModel {
  const width = samples[0]?.features.length ?? 0;
  const means = Array.from({ length: width }, (_, j) => mean(samples.map((sample) => at(sample.features, j))));
  const targetMean = mean(samples.map((sample) => sample.target));
  const gram = Array.from({ length: width }, (_, j) => Array.from({ length: width }, (_, k) => (j === k ? alpha : 0)));
  const moments = Array.from({ length: width }, () => 0);
  for (const sample of samples) {
    const centred = sample.features.map((value, j) => value - at(means, j));
    for (let j = 0; j < width; j++) {
      moments[j] = at(moments, j) + at(centred, j) * (sample.target - targetMean);
      const row = gram[j] ?? [];
      for (let k = 0; k < width; k++) row[k] = at(row, k) + at(centred, j) * at(centred, k);
    }
  }
  const coef = solve(gram, moments);
  return { coef, intercept: targetMean - dot(coef, means) };
}

export function predict(model: LinearModel, features: readonly number[]): number {
  return dot(model.coef, features) + model.intercept;
}

/** The share of the targets' variance that the predictions explain; 1 is perfect, 0 is no better than the mean. */
export function rSquared(targets: readonly number[], predictions: readonly number[]): number {
  const centre = mean(targets);
  const residual = sum(targets.map((target, i) => (target - at(predictions, i)) ** 2));
  return 1 - residual / sum(targets.map((target) => (target - centre) ** 2));
}

/** Solves `matrix · x = right` by Gaussian elimination with partial pivoting. The matrix must not be singular. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const size = right.length;
  const rows = matrix.map((row, i) => [...row, at(right, i)]);
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let i = column + 1; i < size; i++) {
      if (Math.abs(cell(rows, i, column)) > Math.abs(cell(rows, pivot, column))) pivot = i;
    }
    [rows[column], rows[pivot]] = [rows[pivot] ?? [], rows[column] ?? []];
    for (let i = column + 1; i < size; i++) {
      const factor = cell(rows, i, column) / cell(rows, column, column);
      rows[i] = (rows[i] ?? []).map((value, j) => value - factor * cell(rows, column, j));
    }
  }
  const solution = Array.from({ length: size }, () => 0);
  for (let i = size - 1; i >= 0; i--) {
    const known = sum(solution.map((value, j) => (j > i ? value * cell(rows, i, j) : 0)));
    solution[i] = (cell(rows, i, size) - known) / cell(rows, i, i);
  }
  return solution;
}

function cell(rows: readonly (readonly number[])[], i: number, j: number): number {
  return rows[i]?.[j] ?? Number.NaN;
}

function at(values: readonly number[], index: number): number {
  return values[index] ?? Number.NaN;
}

function dot(a: readonly number[], b: readonly number[]): number {
  return sum(a.map((value, i) => value * at(b, i)));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

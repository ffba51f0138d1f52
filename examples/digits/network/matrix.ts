/** The extents of a product: the result has `rows` × `columns` numbers, each a sum of `inner` terms. */
export interface Extents {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

/** `left · right`, all row by row. */
export function multiply(left: Float32Array, right: Float32Array, { rows, inner, columns }: Extents): Float32Array {
  const result = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i += 1) {
    for (let k = 0; k < inner; k += 1) {
      const factor = left[i * inner + k] ?? 0;
      // after a rectifier many are zero
      if (factor === 0) continue;
      for (let j = 0; j < columns; j += 1) {
        const place = i * columns + j;
        result[place] = (result[place] ?? 0) + factor * (right[k * columns + j] ?? 0);
      }
    }
  }
  return result;
}

/** `leftᵀ · right`, where `left` has `inner` rows. */
export function multiplyLeftTransposed(left: Float32Array, right: Float32Array, extents: Extents): Float32Array {
  const { rows, inner, columns } = extents;
  const result = new Float32Array(rows * columns);
  for (let k = 0; k < inner; k += 1) {
    for (let i = 0; i < rows; i += 1) {
      const factor = left[k * rows + i] ?? 0;
      if (factor === 0) continue;
      for (let j = 0; j < columns; j += 1) {
        const place = i * columns + j;
        result[place] = (result[place] ?? 0) + factor * (right[k * columns + j] ?? 0);
      }
    }
  }
  return result;
}

/** `left · rightᵀ`, where `right` has `columns` rows. */
export function multiplyRightTransposed(left: Float32Array, right: Float32Array, extents: Extents): Float32Array {
  const { rows, inner, columns } = extents;
  const result = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i += 1) {
    for (let j = 0; j < columns; j += 1) {
      let sum = 0;
      for (let k = 0; k < inner; k += 1) sum += (left[i * inner + k] ?? 0) * (right[j * inner + k] ?? 0);
      result[i * columns + j] = sum;
    }
  }
  return result;
}

/** Adds a row to every row. */
export function addToRows(matrix: Float32Array, row: Float32Array): void {
  for (let i = 0; i < matrix.length; i += 1) matrix[i] = (matrix[i] ?? 0) + (row[i % row.length] ?? 0);
}

/** The sum of all rows. */
export function sumOfRows(matrix: Float32Array, columns: number): Float32Array {
  const sums = new Float32Array(columns);
  for (let i = 0; i < matrix.length; i += 1) sums[i % columns] = (sums[i % columns] ?? 0) + (matrix[i] ?? 0);
  return sums;
}

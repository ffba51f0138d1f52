import type { EntryContext } from 'edgewright';

/** What the sensor sends, and what a caller of `/score` sends: rows of ten features, with the patient they belong to if any. */
interface Request {
  readonly data: number[][];
  readonly patient?: number;
}

let context: EntryContext;

/** Called once in each worker, before the first request. */
export function init(given: EntryContext): void {
  context = given;
}

/** Called for each request: scores all rows in one run of the model. */
export async function run({ data, patient }: Request): Promise<{ patient?: number; predictions: number[] }> {
  const features = { datatype: 'FP32', shape: [data.length, 10], data: Float32Array.from(data.flat()) } as const;
  const { progression } = await context.models.get().run({ features });
  const predictions = Array.from(progression?.data as Float32Array);
  return patient === undefined ? { predictions } : { patient, predictions };
}

import type { EntryContext, EntryRequest } from 'edgewright';

/** A row of the table. */
type Patient = Readonly<Record<string, number | null>>;

const FEATURES = ['age', 'sex', 'bmi', 'bp', 's1', 's2', 's3', 's4', 's5', 's6'];

let context: EntryContext;
let limit = 0;

/** Called once in each worker process. */
export function init(given: EntryContext): void {
  context = given;
  limit = Number(given.arguments[0] ?? 200);
}

/** Called with the rows of a mini-batch; returns a list with one element for each, in their order. */
export async function run(patients: readonly Patient[], request: EntryRequest): Promise<unknown[]> {
  const data = Float32Array.from(patients.flatMap((patient) => FEATURES.map((name) => patient[name] ?? Number.NaN)));
  const features = { datatype: 'FP32', shape: [patients.length, FEATURES.length], data } as const;
  const { progression } = await context.models.get().run({ features });
  context.log.debug({ miniBatch: request.miniBatch?.index }, `scored ${patients.length} patients`);
  return Array.from(progression?.data as Float32Array, (score, i) => {
    // an Error is a patient without a result, and says why
    if (patients[i]?.['bmi'] === null) return new Error('the body mass index is not known');
    return { progression: Math.round(score), isHigh: score > limit };
  });
}

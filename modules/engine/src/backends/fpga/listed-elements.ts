import type { Datatype } from '@edgewright/contract';
import { arrayOf } from '../../array-of.ts';
import type { NumericData } from '../../array-of.ts';
import { malformedAnswer } from './malformed-answer.ts';
import { integersFromPacked } from './packed-integers.ts';

/** Elements that came as a list of values: numbers, truth values, or the packed bytes of 64-bit integers. */
export type ListedElements = readonly (number | boolean | Uint8Array)[];

export interface ListOptions {
  readonly datatype: Exclude<Datatype, 'BYTES'>;
  /** How many elements the shape has. */
  readonly count: number;
  /** True where a list may end early, its last element standing for all that follow; one of none means zeros. */
  readonly mayEndEarly: boolean;
}

/**
 * Numbers from a list of values.
 *
 * @throws EngineError `AcceleratorFailed` when they are not as many as the shape says
 */
export function numbersFromList(values: ListedElements, options: ListOptions): NumericData {
  const { datatype, count } = options;
  if (datatype === 'INT64' || datatype === 'UINT64') {
    const found = integersFromPacked(values as readonly Uint8Array[]);
    checkCount(found.length, options);
    const array = datatype === 'INT64' ? new BigInt64Array(count) : new BigUint64Array(count);
    array.set(found);
    return array.fill(array[found.length - 1] ?? 0n, found.length);
  }
  checkCount(values.length, options);
  const array = new (arrayOf(datatype))(count) as Exclude<NumericData, BigInt64Array | BigUint64Array>;
  values.forEach((value, i) => (array[i] = Number(value)));
  return array.fill(array[values.length - 1] ?? 0, values.length);
}

function checkCount(found: number, { datatype, count, mayEndEarly }: ListOptions): void {
  if (found === count || (mayEndEarly && found < count)) return;
  throw malformedAnswer(`${found} elements of ${datatype} came for a shape of ${count}`);
}

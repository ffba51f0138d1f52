import { messageOf } from '@edgewright/contract';
import { toJsonValue } from '../codecs/json-value.ts';

/** What a script in a batch job was given beside its models; empty elsewhere. */
export interface ScriptSurroundings {
  /** Of the job, as they were written. */
  readonly arguments: readonly string[];
  /** Folders and files of this machine, by the names that the job gives them. */
  readonly sideInputs: Readonly<Record<string, string>>;
  /** Where a script that writes its results itself puts them; absent outside of batch jobs. */
  readonly outputDirectory?: string;
}

/** What a call of `run()` is about, in a batch job. */
export interface MiniBatchFacts {
  /** From 0, in the order of the input. */
  readonly index: number;
  /** How often it was tried, this time included. */
  readonly attempt: number;
  /** What its items are called in the output: a file, or a file and a row. */
  readonly items: readonly { readonly file: string; readonly row?: number }[];
}

/** What became of an item: its result, or why there is none. */
export type ItemOutcome = { readonly value: unknown } | { readonly failed: string };

/** What `run()` returned for a mini-batch. */
export interface MiniBatchAnswer {
  readonly outcomes: readonly ItemOutcome[];
}

/**
 * Reads what `run()` returned for a mini-batch: a list with an element for each item. `undefined`, `null` and an `Error` are items
 * that failed.
 *
 * @throws TypeError when it is no list
 */
export function readMiniBatchAnswer(returned: unknown): MiniBatchAnswer {
  const list = Array.isArray(returned) || isNumbers(returned) ? Array.from(returned as Iterable<unknown>) : undefined;
  if (list !== undefined) return { outcomes: list.map(outcomeOf) };
  const what = returned === null ? 'null' : typeof returned === 'object' ? 'an object' : typeof returned;
  throw new TypeError(`run() returned ${what}, not a list with one element for each item of the mini-batch`);
}

function outcomeOf(element: unknown): ItemOutcome {
  if (element === undefined || element === null) return { failed: 'run() returned nothing for it' };
  if (element instanceof Error) return { failed: messageOf(element) };
  return { value: toJsonValue(element) };
}

function isNumbers(value: unknown): boolean {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

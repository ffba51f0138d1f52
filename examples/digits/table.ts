import { readFile } from 'node:fs/promises';

/** An image has this many pixels a side. */
export const SIDE = 8;
/** The value of a pixel that is all ink. */
export const INK = 16;
/** Every so many rows one is held out. */
const HELD_OUT = 5;

/** One handwritten digit. */
export interface Digit {
  /** Row of the table, from 0. */
  readonly row: number;
  /** 64 pixels, row by row, from 0 (paper) to 16 (ink). */
  readonly pixels: readonly number[];
  readonly label: number;
}

export interface DigitsTable {
  readonly train: readonly Digit[];
  readonly test: readonly Digit[];
}

/** Reads the table and holds out every fifth row. */
export async function readDigitsTable(): Promise<DigitsTable> {
  const text = await readFile(new URL('data/digits.csv', import.meta.url), 'utf8');
  const digits = text
    .trim()
    .split(/\r?\n/)
    .map((line, row): Digit => {
      const numbers = line.split(',').map(Number);
      return { row, pixels: numbers.slice(0, -1), label: numbers.at(-1) ?? Number.NaN };
    });
  const isHeldOut = ({ row }: Digit): boolean => row % HELD_OUT === HELD_OUT - 1;
  return { train: digits.filter((digit) => !isHeldOut(digit)), test: digits.filter(isHeldOut) };
}

/** Images as the network takes them: one after the other, pixels from 0 to 1. */
export function imagesOf(digits: readonly Digit[]): Float32Array {
  return Float32Array.from(digits.flatMap(({ pixels }) => pixels.map((pixel) => pixel / INK)));
}

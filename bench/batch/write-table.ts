import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { readFile } from 'node:fs/promises';

export const FEATURES = ['age', 'sex', 'bmi', 'bp', 's1', 's2', 's3', 's4', 's5', 's6'] as const;

/**
 * Writes the diabetes table over and over, as a stream, until a size is reached.
 *
 * @returns the rows written
 */
export async function writeTable(file: string, bytes: number): Promise<number> {
  const text = await readFile(new URL('../../examples/diabetes/data/diabetes.csv', import.meta.url), 'utf8');
  const [header = '', ...lines] = text.trim().split(/\r?\n/);
  const block = `${lines.join('\n')}\n`;
  const blocks = Math.max(1, Math.round(bytes / block.length));
  function* chunks(): Generator<string> {
    yield `${header}\n`;
    for (let i = 0; i < blocks; i += 1) yield block;
  }
  await pipeline(chunks(), createWriteStream(file));
  return blocks * lines.length;
}

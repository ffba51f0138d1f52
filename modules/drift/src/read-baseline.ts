import { open } from 'node:fs/promises';
import path from 'node:path';
import {
  BASELINE_FILE,
  baselineLimits,
  checkDocument,
  DriftBaselineSchema,
  messageOf,
  parseJson,
} from '@edgewright/contract';
import type { DriftBaseline } from '@edgewright/contract';
import { DriftError } from './drift-error.ts';

/**
 * Reads the baseline in the folder of a model.
 *
 * @returns undefined when it has none
 * @throws DriftError `BaselineUnusable`
 */
export async function readBaseline(directory: string): Promise<DriftBaseline | undefined> {
  const file = path.join(directory, BASELINE_FILE);
  try {
    await using handle = await open(file);
    const { size } = await handle.stat();
    if (size > baselineLimits.fileBytes) {
      throw new RangeError(`it has ${size} bytes of at most ${baselineLimits.fileBytes}`);
    }
    return checkDocument(DriftBaselineSchema, parseJson(await handle.readFile('utf8'), file), file);
  } catch (cause) {
    if ((cause as { code?: string }).code === 'ENOENT') return undefined;
    throw new DriftError('BaselineUnusable', `cannot read the baseline "${file}": ${messageOf(cause)}`, {
      details: { file },
      cause,
    });
  }
}

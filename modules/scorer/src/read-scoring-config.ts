import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { checkDocument, imagePaths, messageOf, parseJson, ScoringConfigSchema } from '@edgewright/contract';
import type { ScoringConfig } from '@edgewright/contract';
import { ScorerError } from './scorer-error.ts';

/** Larger files are no scoring configuration. */
const MAX_CONFIG_BYTES = 16 * 1024 * 1024;

/**
 * Reads `edgewright.json` in the app root.
 *
 * @throws ScorerError `ScoringConfigInvalid`
 */
export async function readScoringConfig(appRoot: string): Promise<ScoringConfig> {
  const file = path.join(appRoot, imagePaths.scoringConfig);
  try {
    const text = await readFile(file);
    if (text.length > MAX_CONFIG_BYTES)
      throw new RangeError(`it has ${text.length} bytes of at most ${MAX_CONFIG_BYTES}`);
    return checkDocument(ScoringConfigSchema, parseJson(text.toString(), file), file);
  } catch (cause) {
    throw new ScorerError(
      'ScoringConfigInvalid',
      `cannot read the scoring configuration ${file}: ${messageOf(cause)}; build the image with edgewright, or set ` +
        'AML_APP_ROOT to the folder that holds it',
      { details: { file }, cause },
    );
  }
}

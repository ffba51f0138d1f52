import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '@edgewright/contract';
import type { Postprocess } from '@edgewright/contract';
import { EngineError } from '../engine-error.ts';

/**
 * The names of the classes: as declared, or one a line from a file in the model's folder.
 *
 * @param modelPath the model file
 * @throws EngineError `ImageSettingsInvalid`
 */
export async function readLabels(
  labels: Postprocess['labels'],
  modelPath: string,
): Promise<readonly string[] | undefined> {
  if (typeof labels !== 'string') return labels;
  const folder = path.dirname(modelPath);
  const file = path.resolve(folder, labels);
  if (!file.startsWith(folder + path.sep)) throw unreadable(labels, `it is not inside the model's folder ${folder}`);
  try {
    return (await readFile(file, 'utf8')).trimEnd().split(/\r?\n/);
  } catch (cause) {
    throw unreadable(labels, messageOf(cause), cause);
  }
}

function unreadable(labels: string, reason: string, cause?: unknown): EngineError {
  return new EngineError('ImageSettingsInvalid', `cannot read the labels from "${labels}": ${reason}`, {
    details: { labels },
    cause,
  });
}

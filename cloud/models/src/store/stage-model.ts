import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  BASELINE_FILE,
  baselineLimits,
  checkDocument,
  describeBaseline,
  DriftBaselineSchema,
  messageOf,
  parseJson,
} from '@edgewright/contract';
import type { BaselineDescription, DriftBaseline } from '@edgewright/contract';
import type { RegisterModelInput } from '../model-registry.ts';
import { ModelsError } from '../models-error.ts';
import type { BlobFolder, StagedFile } from './blob-folder.ts';
import { collectModelFiles } from './collect-model-files.ts';

/** The files of a model on their way into a registry, its baseline among them. */
export interface StagedModel {
  readonly files: readonly StagedFile[];
  /** Those that are the model itself. */
  readonly own: readonly StagedFile[];
  readonly baseline?: BaselineDescription;
}

/**
 * Copies the files of a model into a staging folder. A baseline that is given becomes one of them, and so goes wherever the model
 * goes; one that the folder has already, because the model was downloaded from a registry, is kept.
 *
 * @throws ModelsError `ModelFileInvalid` when there is nothing, or a baseline that is none
 */
export async function stageModel(input: RegisterModelInput, blobs: BlobFolder, staging: string): Promise<StagedModel> {
  const found = await collectModelFiles(input.path, input.childPaths);
  const given = input.baseline === undefined ? undefined : path.join(staging, BASELINE_FILE);
  if (given !== undefined && input.baseline !== undefined) await writeFile(given, baselineText(input, input.baseline));
  const sources = given === undefined ? found : withBaseline(found, given);
  const files = await blobs.stage(sources, staging, input.signal);
  const file = files.find(isBaseline);
  const baseline =
    file === undefined ? undefined : describeBaseline(input.baseline ?? (await readBaseline(input, file)));
  return { files, own: files.filter((each) => !isBaseline(each)), ...(baseline === undefined ? {} : { baseline }) };
}

function withBaseline(found: Awaited<ReturnType<typeof collectModelFiles>>, source: string): typeof found {
  const others = found.filter((each) => !isBaseline(each));
  return [...others, { source, path: BASELINE_FILE }].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function isBaseline(file: { readonly path: string }): boolean {
  return file.path === BASELINE_FILE;
}

function baselineText(input: RegisterModelInput, baseline: DriftBaseline): string {
  const text = `${JSON.stringify(checkDocument(DriftBaselineSchema, baseline, 'the baseline'))}\n`;
  if (Buffer.byteLength(text) <= baselineLimits.fileBytes) return text;
  throw invalid(
    input,
    `its baseline has ${Buffer.byteLength(text)} bytes, and at most ${baselineLimits.fileBytes} are kept`,
  );
}

async function readBaseline(input: RegisterModelInput, file: StagedFile): Promise<DriftBaseline> {
  if (file.sizeBytes > baselineLimits.fileBytes) {
    throw invalid(
      input,
      `its ${BASELINE_FILE} has ${file.sizeBytes} bytes, and at most ${baselineLimits.fileBytes} are kept`,
    );
  }
  try {
    return checkDocument(
      DriftBaselineSchema,
      parseJson(await readFile(file.stagedAt, 'utf8'), BASELINE_FILE),
      BASELINE_FILE,
    );
  } catch (cause) {
    throw invalid(input, messageOf(cause));
  }
}

function invalid(input: RegisterModelInput, reason: string): ModelsError {
  return new ModelsError('ModelFileInvalid', `cannot register "${input.path}": ${reason}`, {
    details: { path: input.path, reason },
  });
}

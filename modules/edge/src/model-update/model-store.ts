import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { BASELINE_FILE, checkDocument, messageOf, parseJson } from '@edgewright/contract';
import type { Logger } from '@edgewright/telemetry';
import { EdgeError } from '../edge-error.ts';
import { fileDigest } from './file-digest.ts';
import { emptyRecord, UpdateRecordSchema } from './update-record.ts';
import type { UpdateRecord } from './update-record.ts';

const RECORD = 'update.json';
const PARTIAL = 'partial';
const MODEL_FILE = 'model.onnx';

/**
 * The folder of fetched models: `SHA256/model.onnx` for each that was verified, `partial/SHA256` for what is being fetched, and
 * `update.json`. A file is under its final name only when it is whole, has its digest, and is on the disk.
 */
export class ModelStore {
  readonly directory: string;
  #record: UpdateRecord;
  readonly #pinned = new Map<string, string>();

  /** @throws EdgeError `ModelStoreUnusable` */
  static async open(directory: string, logger: Logger): Promise<ModelStore> {
    try {
      await mkdir(path.join(directory, PARTIAL), { recursive: true });
      return new ModelStore(directory, await readRecord(path.join(directory, RECORD), logger));
    } catch (cause) {
      throw unusable(`cannot open the folder of models ${directory}`, cause);
    }
  }

  private constructor(directory: string, record: UpdateRecord) {
    this.directory = directory;
    this.#record = record;
  }

  get record(): UpdateRecord {
    return this.#record;
  }

  /** The file of a model that was verified. */
  fileOf({ sha256 }: { readonly sha256: string }): string {
    return path.join(this.directory, sha256, MODEL_FILE);
  }

  /** The baseline of a model, when it has one. */
  baselineOf(model: { readonly sha256: string }): string {
    return path.join(path.dirname(this.fileOf(model)), BASELINE_FILE);
  }

  /** Where a model is fetched to. */
  partialOf({ sha256 }: { readonly sha256: string }): string {
    return path.join(this.directory, PARTIAL, sha256);
  }

  /** Reads the whole file: what a damaged disk gives is not to be scored with. */
  async holds(model: { readonly sha256: string }): Promise<boolean> {
    return (await fileDigest(this.fileOf(model)).catch(() => undefined)) === model.sha256;
  }

  /**
   * Remembers, on the disk itself, before anything depends on it.
   *
   * @throws EdgeError `ModelStoreUnusable`; then the former record stays in force
   */
  async save(record: UpdateRecord): Promise<void> {
    const file = path.join(this.directory, RECORD);
    try {
      await using handle = await open(`${file}.new`, 'w');
      await handle.writeFile(JSON.stringify(record, undefined, 2));
      await handle.sync();
      await rename(`${file}.new`, file);
      await syncFolder(this.directory);
      this.#record = record;
    } catch (cause) {
      throw unusable(`cannot write ${file}`, cause);
    }
  }

  /** Gives a fetched and verified file its final name. */
  async adopt(model: { readonly sha256: string }): Promise<void> {
    const file = this.fileOf(model);
    try {
      await mkdir(path.dirname(file), { recursive: true });
      await rename(this.partialOf(model), file);
      await syncFolder(path.dirname(file));
      await syncFolder(this.directory);
    } catch (cause) {
      throw unusable(`cannot keep the model ${file}`, cause);
    }
  }

  /** Gives a fetched and verified baseline its final name. */
  async adoptBaseline(model: { readonly sha256: string }, fetched: string): Promise<void> {
    const file = this.baselineOf(model);
    await mkdir(path.dirname(file), { recursive: true });
    await rename(fetched, file);
  }

  async dropBaseline(model: { readonly sha256: string }): Promise<void> {
    await rm(this.baselineOf(model), { force: true });
  }

  async discard(model: { readonly sha256: string }): Promise<void> {
    await rm(this.partialOf(model), { force: true });
  }

  /** Keeps a file for somebody else than the updater, in the place of what was kept for him before. */
  pin(owner: string, sha256: string | undefined): void {
    if (sha256 === undefined) this.#pinned.delete(owner);
    else this.#pinned.set(owner, sha256);
  }

  /** Removes what nobody needs any more. */
  async sweep(keep: readonly { readonly sha256: string }[]): Promise<void> {
    const kept = new Set([RECORD, PARTIAL, ...keep.map(({ sha256 }) => sha256), ...this.#pinned.values()]);
    for (const name of await readdir(this.directory)) {
      if (/^[0-9a-f]{64}$/.test(name) && !kept.has(name))
        await rm(path.join(this.directory, name), { recursive: true });
    }
    for (const name of await readdir(path.join(this.directory, PARTIAL))) {
      if (!kept.has(name)) await rm(path.join(this.directory, PARTIAL, name), { force: true });
    }
  }
}

async function readRecord(file: string, logger: Logger): Promise<UpdateRecord> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return emptyRecord;
    throw error;
  }
  try {
    return checkDocument(UpdateRecordSchema, parseJson(text, file), file);
  } catch (error) {
    logger.error(
      { file, reason: messageOf(error) },
      "the record of model updates is damaged; starting with the image's model",
    );
    return emptyRecord;
  }
}

async function syncFolder(directory: string): Promise<void> {
  await using handle = await open(directory, 'r');
  await handle.sync();
}

function unusable(what: string, cause: unknown): EdgeError {
  return new EdgeError('ModelStoreUnusable', `${what}: ${messageOf(cause)}`, { cause });
}

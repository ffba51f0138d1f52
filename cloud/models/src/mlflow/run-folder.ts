import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '@edgewright/contract';
import { parse } from 'yaml';
import type { MlflowRun, MlflowStore, RunSelection } from './mlflow-store.ts';
import { assetParts, runNotFound, storeFailed } from './run-failure.ts';

interface FoundRun extends MlflowRun {
  readonly folder: string;
  readonly artifactUri: string;
  readonly startTime: number;
  readonly isFinished: boolean;
}

const MAX_META_BYTES = 1_048_576;
/** `FINISHED` in MLflow's protocol. */
const FINISHED = 3;
const RUN_ID = /^[0-9a-f]{32}$/;

/** MLflow's local folder `mlruns`: one folder per experiment, with one per run below, each with a `meta.yaml`. */
export class RunFolder implements MlflowStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = path.resolve(directory);
  }

  async findRun(selection: RunSelection): Promise<FoundRun> {
    const { runId, experimentName } = selection;
    const runs: FoundRun[] = [];
    for (const experiment of await this.#experiments()) {
      if (experimentName === undefined || experiment.name === experimentName)
        runs.push(...(await this.#runs(experiment)));
    }
    const where = experimentName === undefined ? '' : ` in the experiment "${experimentName}"`;
    if (runId !== undefined) {
      const run = runs.find((one) => one.runId === runId);
      if (run === undefined) throw runNotFound(this.#directory, `there is no run "${runId}"${where}`);
      return run;
    }
    const [newest] = runs.filter((run) => run.isFinished).sort((a, b) => b.startTime - a.startTime);
    if (newest === undefined) throw runNotFound(this.#directory, `there is no finished run${where}`);
    return newest;
  }

  async fetchAsset(run: MlflowRun, assetPath: string): Promise<string> {
    const found = await this.findRun(run);
    const parts = assetParts(this.#directory, assetPath);
    // a folder that was moved still names its old place
    const own = path.join(found.folder, 'artifacts');
    const named = folderOf(found.artifactUri);
    const asset = [named, own].map((folder) => path.join(folder ?? own, ...parts)).find((place) => existsSync(place));
    if (asset !== undefined) return asset;
    throw runNotFound(this.#directory, `the run ${run.runId} has no artifact "${assetPath}" in "${named ?? own}"`);
  }

  async #experiments(): Promise<readonly { readonly name: string; readonly folder: string }[]> {
    const folders = await this.#foldersIn(this.#directory);
    const found = [];
    for (const folder of folders) {
      const meta = await this.#meta(folder);
      if (typeof meta?.['name'] === 'string') found.push({ name: meta['name'], folder });
    }
    return found;
  }

  async #runs(experiment: { readonly name: string; readonly folder: string }): Promise<readonly FoundRun[]> {
    const runs: FoundRun[] = [];
    for (const folder of await this.#foldersIn(experiment.folder)) {
      const runId = path.basename(folder);
      if (!RUN_ID.test(runId)) continue;
      const meta = await this.#meta(folder);
      if (meta === undefined || meta['lifecycle_stage'] === 'deleted') continue;
      runs.push({
        runId,
        experimentName: experiment.name,
        folder,
        artifactUri: typeof meta['artifact_uri'] === 'string' ? meta['artifact_uri'] : '',
        startTime: Number(meta['start_time'] ?? 0),
        isFinished: meta['status'] === FINISHED || meta['status'] === 'FINISHED',
      });
    }
    return runs;
  }

  async #foldersIn(folder: string): Promise<readonly string[]> {
    const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
      throw storeFailed(this.#directory, messageOf(cause), cause);
    });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => path.join(folder, entry.name));
  }

  async #meta(folder: string): Promise<Readonly<Record<string, unknown>> | undefined> {
    const file = path.join(folder, 'meta.yaml');
    if (!existsSync(file)) return undefined;
    try {
      const { size } = await stat(file);
      if (size > MAX_META_BYTES) throw new RangeError(`it has ${size} bytes`);
      const value: unknown = parse(await readFile(file, 'utf8'), { maxAliasCount: 100 });
      return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
    } catch (cause) {
      throw storeFailed(this.#directory, `${file}: ${messageOf(cause)}`, cause);
    }
  }
}

/** The folder of a URI; undefined when it is not on this machine. */
function folderOf(uri: string): string | undefined {
  if (uri.startsWith('file:')) return fileURLToPath(uri.startsWith('file://') ? uri : `file://${uri.slice(5)}`);
  return path.isAbsolute(uri) ? uri : undefined;
}

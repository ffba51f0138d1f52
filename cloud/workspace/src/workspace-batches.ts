import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isFinalBatchState } from '@edgewright/contract';
import type { BatchJob, EventSink } from '@edgewright/contract';
import type { BatchEngine, BatchOutputFile, BatchSpec } from '@edgewright/deployers';
import { stringify } from 'yaml';
import { batchImageTag, openBatchCluster, pushBatchImage } from './batch-cluster.ts';
import { prepareBatch } from './batch-input.ts';
import type { PreparedBatch, SubmitBatchInput } from './batch-input.ts';
import { BatchRecords } from './batch-records.ts';
import type { BatchRecord } from './batch-records.ts';
import { batchView } from './batch-view.ts';
import type { Batch } from './batch-view.ts';
import { thisProcess } from './this-process.ts';
import { WorkspaceError } from './workspace-error.ts';
import type { WorkspaceFolders } from './workspace-folders.ts';
import type { WorkspaceImages } from './workspace-images.ts';
import type { WorkspaceModels } from './workspace-models.ts';

/** What submitting a job would do. */
export interface BatchDryRun {
  readonly name: string;
  readonly job: BatchJob;
  readonly models: readonly string[];
  readonly changes: readonly { readonly action: string; readonly subject: string }[];
  readonly notes: readonly string[];
  /** The objects of Kubernetes, for a job on a cluster; else empty. */
  readonly yaml: string;
}

/** Variables that a job needs to reach its storage and its accelerators. */
const PASSED_ON = ['AZURE_STORAGE_CONNECTION_STRING', 'AZURE_STORAGE_KEY', 'AZURE_STORAGE_SAS_TOKEN', 'CUDA_VISIBLE_DEVICES', 'LD_LIBRARY_PATH', 'EDGEWRIGHT_BACKEND', 'EDGEWRIGHT_EXECUTION_PROVIDERS', 'EDGEWRIGHT_THREADS', 'EDGEWRIGHT_WORKERS']; // prettier-ignore

const APP_FOLDER = 'app';
const JOBS_FOLDER = 'jobs';

/** The batch jobs of a workspace. They run on when the program that submitted them has ended. */
export class WorkspaceBatches {
  readonly #models: WorkspaceModels;
  readonly #events: EventSink;
  readonly #directory: string;
  readonly #records: BatchRecords;
  readonly #folders: WorkspaceFolders;
  readonly #images: WorkspaceImages;

  constructor(parts: {
    readonly folders: WorkspaceFolders;
    readonly models: WorkspaceModels;
    readonly images: WorkspaceImages;
    readonly events: EventSink;
  }) {
    this.#folders = parts.folders;
    this.#images = parts.images;
    this.#models = parts.models;
    this.#events = parts.events;
    this.#directory = parts.folders.batches;
    this.#records = new BatchRecords(path.join(this.#directory, 'records'));
  }

  /**
   * Submits a job and returns once it has begun.
   *
   * @throws WorkspaceError `BatchIncomplete`, `BatchExists` · ContractError · ModelsError `ModelNotFound` · PackagerError ·
   *   DeployersError `BatchRuns`, `BatchNotStarted`
   */
  async submit(input: SubmitBatchInput): Promise<Batch> {
    const prepared = await prepareBatch(input, (name) => path.join(this.#directory, 'output', name));
    const { name } = prepared.job;
    await this.#makeWay(name, input.overwrite === true);
    this.#events({ stage: 'batch.prepare', state: 'started', text: `preparing ${name}` });
    const ids = (await this.#found(prepared)).map(({ id }) => id);
    const artifact = await this.#artifact(prepared, input);
    const engine = await this.#engine(prepared);
    const wanted = { name, job: prepared.job, artifact, models: ids, ...placeOf(prepared) };
    const plan = await engine.plan(wanted);
    for (const text of plan.notes) this.#events({ stage: 'batch.plan', state: 'note', text });
    const record: BatchRecord = {
      spec: plan.spec,
      computeType: engine.computeType,
      createdTime: new Date().toISOString(),
      ...(prepared.description === undefined ? {} : { description: prepared.description }),
    };
    await this.#records.put(record);
    await engine.submit(plan);
    return await this.#view(record);
  }

  /** Says what submitting would do, and what the job would be. Nothing is started or built. */
  async plan(input: SubmitBatchInput): Promise<BatchDryRun> {
    const prepared = await prepareBatch(input, (name) => path.join(this.#directory, 'output', name));
    const { name } = prepared.job;
    const ids = (await this.#found(prepared)).map(({ id }) => id);
    const place = placeOf(prepared);
    const artifact =
      prepared.computeTarget === undefined
        ? path.join(this.#records.folderOf(name), APP_FOLDER)
        : (input.image ?? (await batchImageTag(prepared, this.#folders)));
    const engine = await this.#engine(prepared);
    const plan = await engine.plan({ name, job: prepared.job, artifact, models: ids, ...place });
    const { spec, changes, notes, objects = [] } = plan;
    const yaml = objects.map((object) => `---\n${stringify(object)}`).join('');
    return { name, job: spec.job, models: ids, changes, notes, yaml };
  }

  /** Goes on with a job that was cancelled, failed or lost its process. Mini-batches that are done are not done again. */
  async resume(name: string): Promise<Batch> {
    const record = await this.#get(name);
    const engine = await this.#engine(record.spec);
    const seen = await engine.observe(record.spec);
    if (seen?.state !== 'Completed') await engine.submit(await engine.plan(record.spec));
    return await this.#view(record);
  }

  async list(): Promise<Batch[]> {
    return await Promise.all((await this.#records.list()).map((record) => this.#view(record)));
  }

  /** @throws WorkspaceError `BatchNotFound` */
  async show(name: string): Promise<Batch> {
    return await this.#view(await this.#get(name));
  }

  /**
   * Waits until a job has ended, in whatever way.
   *
   * @param options `each` hears how far it is, several times a second
   */
  async wait(
    name: string,
    { signal, each }: { readonly signal?: AbortSignal | undefined; readonly each?: (batch: Batch) => void } = {},
  ): Promise<Batch> {
    const { pollMs } = await this.#engine((await this.#get(name)).spec);
    for (;;) {
      signal?.throwIfAborted();
      const batch = await this.show(name);
      each?.(batch);
      if (isFinalBatchState(batch.state)) return batch;
      await sleep(pollMs, undefined, signal === undefined ? {} : { signal });
    }
  }

  /** The last lines of a log, by its path below `logs/`; without one, the overview. */
  async logs(
    name: string,
    { file, lines = 1000 }: { readonly file?: string | undefined; readonly lines?: number } = {},
  ): Promise<readonly string[]> {
    const { spec } = await this.#get(name);
    return await (await this.#engine(spec)).logs(spec, { file, lines });
  }

  async logFiles(name: string): Promise<readonly string[]> {
    const { spec } = await this.#get(name);
    return await (await this.#engine(spec)).logFiles(spec);
  }

  /** The files of the output; none until the job has merged them. */
  async results(name: string): Promise<readonly BatchOutputFile[]> {
    const { spec } = await this.#get(name);
    return await (await this.#engine(spec)).results(spec);
  }

  /** Ends a job, and returns when it has ended. What is done stays, and `resume` goes on with it. */
  async cancel(name: string): Promise<Batch> {
    const record = await this.#get(name);
    const seen = await this.#view(record);
    if (seen.state === 'Completed' || seen.state === 'Failed') return seen;
    await (await this.#engine(record.spec)).cancel(record.spec);
    return await this.wait(name);
  }

  /** Forgets a job, and ends it before when it runs. Its output stays. */
  async delete(name: string): Promise<void> {
    const { spec } = await this.#get(name);
    await (await this.#engine(spec)).remove(spec);
    await this.#records.remove(name);
  }

  async #makeWay(name: string, overwrite: boolean): Promise<void> {
    const former = await this.#records.find(name);
    if (former === undefined) return;
    const { state } = await this.#view(former);
    if (!overwrite || !isFinalBatchState(state)) {
      const hint = isFinalBatchState(state)
        ? 'resume it, give --overwrite, or take another name'
        : 'wait for it, or cancel it';
      throw new WorkspaceError('BatchExists', `there is a batch job "${name}" already, which is ${state}: ${hint}`, { details: { name, state } }); // prettier-ignore
    }
    await this.delete(name);
  }

  async #found({ models }: PreparedBatch) {
    const found = [];
    for (const reference of models) found.push(await this.#models.show(reference));
    return found;
  }

  /** What runs: an app root of this machine, or an image that the cluster can pull. */
  async #artifact(prepared: PreparedBatch, input: SubmitBatchInput): Promise<string> {
    if (prepared.computeTarget !== undefined) {
      return input.image ?? (await pushBatchImage(prepared, { images: this.#images, folders: this.#folders }));
    }
    const found = await this.#found(prepared);
    const [packaged, { layOutApp }] = await Promise.all([
      Promise.all(found.map(async (model) => ({ model, directory: await this.#models.directoryOf(model) }))),
      import('@edgewright/packager'),
    ]);
    const { directory } = await layOutApp({
      models: packaged,
      config: prepared.inference,
      configDirectory: prepared.inferenceDirectory,
      directory: path.join(this.#records.folderOf(prepared.job.name), APP_FOLDER),
    });
    return directory;
  }

  async #engine({ computeTarget }: { readonly computeTarget?: string | undefined }): Promise<BatchEngine> {
    if (computeTarget !== undefined) return await openBatchCluster(computeTarget, this.#folders);
    const { LocalBatchEngine } = await import('@edgewright/deployers');
    const { nodePath, environment, variable } = thisProcess();
    const passed = PASSED_ON.flatMap((name) => {
      const value = variable(name);
      return value === undefined ? [] : [[name, value] as const];
    });
    return new LocalBatchEngine({
      directory: path.join(this.#directory, JOBS_FOLDER),
      nodePath,
      environment: { ...environment, ...Object.fromEntries(passed) },
    });
  }

  async #get(name: string): Promise<BatchRecord> {
    const found = await this.#records.find(name);
    if (found !== undefined) return found;
    const names = (await this.#records.list()).map(({ spec }) => spec.name);
    const known = names.length === 0 ? 'there is none' : `there are ${names.slice(0, 10).join(', ')}`;
    throw new WorkspaceError('BatchNotFound', `there is no batch job "${name}" in this workspace; ${known}`, { details: { name } }); // prettier-ignore
  }

  async #view(record: BatchRecord): Promise<Batch> {
    return batchView(record, await (await this.#engine(record.spec)).observe(record.spec));
  }
}

/** Where a job runs, in the form of its specification. */
function placeOf({ computeTarget, cluster }: PreparedBatch): Pick<BatchSpec, 'computeTarget' | 'cluster'> {
  return {
    ...(computeTarget === undefined ? {} : { computeTarget }),
    ...(cluster === undefined ? {} : { cluster }),
  };
}

import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isFinalBatchState } from '@edgewright/contract';
import type { BatchJob, BatchProgress, InferenceConfig } from '@edgewright/contract';
import { LocalBatchEngine } from '@edgewright/deployers';
import { layOutApp } from '@edgewright/packager';
import { Workspace } from '@edgewright/workspace';
import type { BenchModel } from '../engine/models.ts';

/** What a job came to. */
export interface StationRun {
  readonly seconds: number;
  readonly progress: BatchProgress;
  /** The most that its processes had resident together, in MiB, and the most of one of them. */
  readonly peakMiB: number;
  readonly outputFolder: string;
}

const LOOK_MS = 50;
const PAGE_BYTES = 4096;

/** Runs batch jobs of bench models on this machine. */
export class BatchStation {
  readonly folder: string;
  readonly #apps = new Map<string, string>();
  #runs = 0;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Lays a model out as an image has it; once. */
  async appOf(model: BenchModel, config: InferenceConfig = {}): Promise<string> {
    const name = path.parse(model.path).name;
    const known = this.#apps.get(name);
    if (known !== undefined) return known;
    await using workspace = await Workspace.open(path.join(this.folder, 'workspace'));
    const registered = await workspace.models.register({ name, path: model.path });
    const directory = await workspace.models.directoryOf(registered);
    const app = await layOutApp({
      models: [{ model: registered, directory }],
      config,
      configDirectory: this.folder,
      directory: path.join(this.folder, 'apps', name),
    });
    this.#apps.set(name, app.directory);
    return app.directory;
  }

  /** Runs a job from its submission until its results are merged. */
  async run(app: string, job: Pick<BatchJob, 'inputs'> & Partial<BatchJob>): Promise<StationRun> {
    this.#runs += 1;
    const name = `run-${this.#runs}`;
    const outputFolder = path.join(this.folder, 'out', name);
    const directory = path.join(this.folder, 'jobs');
    const engine = new LocalBatchEngine({
      directory,
      nodePath: process.execPath,
      environment: { PATH: process.env['PATH'] ?? '' },
    });
    const spec = {
      name,
      artifact: app,
      models: [],
      job: { schemaVersion: 1, name, output: outputFolder, sideInputs: {}, arguments: [], ...job } as BatchJob,
    };
    const start = performance.now();
    await engine.submit(await engine.plan(spec));
    let peakBytes = 0;
    for (;;) {
      const progress = await engine.observe(spec);
      if (progress === undefined) throw new TypeError('the job is gone');
      peakBytes = Math.max(peakBytes, await residentBytesOf(progress.processId));
      if (isFinalBatchState(progress.state)) {
        const seconds = (performance.now() - start) / 1000;
        if (progress.state !== 'Completed') throw new TypeError(`the job is ${progress.state}: ${progress.reason}`);
        await engine.remove(spec);
        return { seconds, progress, peakMiB: peakBytes / 2 ** 20, outputFolder };
      }
      await sleep(LOOK_MS);
    }
  }

  async forget({ outputFolder }: StationRun): Promise<void> {
    await rm(outputFolder, { recursive: true, force: true });
  }
}

/** What a process and its children hold in memory, on Linux. */
async function residentBytesOf(processId: number | undefined): Promise<number> {
  if (processId === undefined) return 0;
  const children = await readFile(`/proc/${processId}/task/${processId}/children`, 'utf8').catch(() => '');
  const ids = [
    processId,
    ...children
      .trim()
      .split(' ')
      .filter((id) => id !== '')
      .map(Number),
  ];
  const sizes = ids.map(async (id) => {
    const text = await readFile(`/proc/${id}/statm`, 'utf8').catch(() => '');
    return Number(text.split(' ')[1] ?? 0) * PAGE_BYTES;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

import { spawn } from 'node:child_process';
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { combineBatchStatus, imagePaths, isFinalBatchState } from '@edgewright/contract';
import type { BatchProgress } from '@edgewright/contract';
import { DeployersError } from '../deployers-error.ts';
import type { BatchEngine, BatchOutputFile, BatchPlan, BatchSpec } from './batch-engine.ts';
import { JobFolder } from './job-folder.ts';

export interface LocalBatchEngineOptions {
  /** Holds a folder for each job. */
  readonly directory: string;
  /** The Node.js that runs jobs. */
  readonly nodePath: string;
  /** Variables of the job's processes. */
  readonly environment: Readonly<Record<string, string>>;
}

const START_MS = 60_000;
const STOP_MS = 30_000;
const LOOK_MS = 100;
const OVERVIEW = 'job_progress_overview.txt';

/** Runs batch jobs as processes of this machine, which outlive whoever submitted them. */
export class LocalBatchEngine implements BatchEngine {
  readonly computeType = 'local';
  readonly pollMs = 250;
  readonly #options: LocalBatchEngineOptions;

  constructor(options: LocalBatchEngineOptions) {
    this.#options = options;
  }

  async plan(spec: BatchSpec): Promise<BatchPlan> {
    const folder = this.#folder(spec);
    const { nodeCount = 1 } = spec.job;
    return {
      // this machine is one node
      spec: { ...spec, job: { ...spec.job, nodeCount: 1 } },
      changes: [
        {
          action: (await folder.exists()) ? 'update' : 'create',
          subject: `batch job ${spec.name} in ${folder.directory}`,
        },
      ],
      notes: nodeCount > 1 ? [`nodeCount is ${nodeCount}, but this machine is one node: its worker processes are processCountPerNode`] : [], // prettier-ignore
    };
  }

  async submit({ spec }: BatchPlan): Promise<void> {
    const folder = this.#folder(spec);
    if (await folder.hasCoordinator()) {
      throw new DeployersError('BatchRuns', `the batch job ${spec.name} runs already`, {
        details: { name: spec.name },
      });
    }
    await folder.begin(spec.job);
    const output = await open(folder.coordinatorLog, 'a', 0o600);
    const child = spawn(
      this.#options.nodePath,
      [
        '--disable-warning=ExperimentalWarning',
        path.join(spec.artifact, imagePaths.main),
        'batch',
        'run',
        '--job',
        folder.directory,
      ],
      {
        cwd: folder.directory,
        // a session of its own: closing the terminal must not end the job
        detached: true,
        stdio: ['ignore', output.fd, output.fd],
        env: { ...this.#options.environment, AML_APP_ROOT: spec.artifact },
      },
    );
    let ended: string | undefined;
    child.on('error', (error) => (ended = error.message));
    child.on(
      'exit',
      (code, signal) => (ended = signal === null ? `it exited with code ${code}` : `it was ended by ${signal}`),
    );
    child.unref();
    await output.close();
    const deadline = performance.now() + START_MS;
    while ((await folder.readStatus()) === undefined) {
      if (ended !== undefined || performance.now() > deadline) {
        const log = (await folder.coordinatorLines(5)).join('\n');
        throw new DeployersError('BatchNotStarted', `the batch job ${spec.name} does not start: ${ended ?? `it has said nothing for ${START_MS / 1000} s`}; its last words: ${log}`, { details: { name: spec.name } }); // prettier-ignore
      }
      await sleep(LOOK_MS);
    }
  }

  async observe(spec: BatchSpec): Promise<BatchProgress | undefined> {
    const folder = this.#folder(spec);
    if (!(await folder.exists())) return undefined;
    // in this order: what ends in between has written its end
    const isRun = await folder.hasCoordinator();
    const [status, result, isCancelled] = await Promise.all([
      folder.readStatus(),
      folder.readResult(),
      folder.isCancelRequested(),
    ]);
    const seen = combineBatchStatus(status === undefined ? [] : [status], { nodes: 1, result });
    if (isRun) return isCancelled && !isFinalBatchState(seen.state) ? { ...seen, state: 'CancelRequested' } : seen;
    if (isFinalBatchState(seen.state) && seen.state !== 'Interrupted') return seen;
    const { secondsLeft: _none, ...rest } = seen;
    if (isCancelled) return { ...rest, state: 'Canceled', workers: 0 };
    const reason = seen.reason ?? 'its process is gone; what is done stays, and the job can be resumed';
    return { ...rest, state: 'Interrupted', workers: 0, reason };
  }

  async cancel(spec: BatchSpec): Promise<void> {
    await this.#folder(spec).requestCancel();
  }

  async results({ job, name }: BatchSpec): Promise<readonly BatchOutputFile[]> {
    const result = await new JobFolder(path.join(this.#options.directory, name)).readResult();
    const isFolder = !/^[a-z]+:\/\//i.test(job.output);
    const output = isFolder ? job.output : job.output.replace(/\?.*$/, '').replace(/\/$/, '');
    const files = (result?.files ?? []).map(async (file): Promise<BatchOutputFile | undefined> => {
      const place = isFolder ? path.join(output, file.name) : `${output}/${file.name}`;
      const sizeBytes = isFolder ? (await stat(place).catch(() => undefined))?.size : file.sizeBytes;
      return sizeBytes === undefined ? undefined : { name: file.name, sizeBytes, place };
    });
    return (await Promise.all(files)).filter((file) => file !== undefined);
  }

  async logs(
    spec: BatchSpec,
    { file, lines }: { readonly file?: string | undefined; readonly lines: number },
  ): Promise<readonly string[]> {
    const folder = this.#folder(spec);
    const found = await folder.logLines(file ?? OVERVIEW, lines);
    if (found !== undefined) return found;
    if (file === undefined) return await folder.coordinatorLines(lines);
    const known = await folder.logFiles();
    throw new DeployersError('BatchLogNotFound', `the batch job ${spec.name} has no log "${file}"; there is ${known.length === 0 ? 'none yet' : known.join(', ')}`, { details: { name: spec.name, file } }); // prettier-ignore
  }

  async logFiles(spec: BatchSpec): Promise<readonly string[]> {
    return await this.#folder(spec).logFiles();
  }

  async remove(spec: BatchSpec): Promise<void> {
    const folder = this.#folder(spec);
    if (await folder.hasCoordinator()) await folder.requestCancel();
    const deadline = performance.now() + STOP_MS;
    while (await folder.hasCoordinator()) {
      if (performance.now() > deadline) {
        throw new DeployersError('BatchRuns', `the batch job ${spec.name} does not end: its process in ${folder.directory} still runs after ${STOP_MS / 1000} s`); // prettier-ignore
      }
      await sleep(LOOK_MS);
    }
    await folder.remove();
  }

  #folder({ name }: BatchSpec): JobFolder {
    return new JobFolder(path.join(this.#options.directory, name));
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { batchPaths, combineBatchStatus, isFinalBatchState, settleBatchJob } from '@edgewright/contract';
import type { BatchProgress, BatchResult, BatchStatus } from '@edgewright/contract';
import type { V1Job, V1Pod } from '@kubernetes/client-node';
import { requireOurs } from '../aks/kube-cluster.ts';
import type { KubeCluster } from '../aks/kube-cluster.ts';
import { planObjects } from '../aks/object-set.ts';
import { DeployersError } from '../deployers-error.ts';
import type { BatchEngine, BatchOutputFile, BatchPlan, BatchSpec } from './batch-engine.ts';
import { placeNames, placeText } from './batch-place.ts';
import type { BatchPlace } from './batch-place.ts';
import { BATCH_CONTAINER, batchSelector, indexedJobOf } from './indexed-job.ts';
import { podTrouble } from './pod-trouble.ts';

export interface KubernetesBatchOptions {
  readonly cluster: KubeCluster;
  /** Opens a place that pods reach too. */
  readonly openPlace: (address: string) => Promise<BatchPlace>;
  readonly pollMs?: number;
  /** How long the pods of a former run may take to end, in milliseconds. */
  readonly patienceMs?: number;
}

const POLL_MS = 5000;
const PATIENCE_MS = 180_000;
const OVERVIEW = 'job_progress_overview';

/** Runs batch jobs as Indexed Jobs of Kubernetes: it starts the nodes, and what they do stands in the place of the job. */
export class KubernetesBatchEngine implements BatchEngine {
  readonly computeType = 'aks';
  readonly pollMs: number;
  readonly #options: KubernetesBatchOptions;
  readonly #cluster: KubeCluster;

  constructor(options: KubernetesBatchOptions) {
    this.#options = options;
    this.#cluster = options.cluster;
    this.pollMs = options.pollMs ?? POLL_MS;
  }

  async plan(spec: BatchSpec): Promise<BatchPlan> {
    const job = jobOf(spec);
    const present = await this.#cluster.read<V1Job>(job);
    if (present !== undefined) requireOurs(present, `Job ${job.metadata.namespace}/${spec.name}`);
    // what a Job runs cannot be changed: one that ended is deleted first
    const changes =
      present === undefined
        ? await planObjects(this.#cluster, { wanted: [job], possible: [] })
        : [{ action: 'update' as const, subject: `Job ${job.metadata.namespace}/${spec.name}`, reason: 'it is made anew, and goes on with what is not done' }]; // prettier-ignore
    return { spec, changes, notes: [], objects: [job] };
  }

  async submit({ spec }: BatchPlan): Promise<void> {
    const job = jobOf(spec);
    const place = await this.#place(spec);
    const present = await this.#cluster.read<V1Job>(job);
    if (present !== undefined) {
      requireOurs(present, `Job ${job.metadata.namespace}/${spec.name}`);
      if (isActive(present)) {
        throw new DeployersError('BatchRuns', `the batch job ${spec.name} runs already, with ${present.status?.active} pods; cancel it first`, { details: { name: spec.name } }); // prettier-ignore
      }
      await this.#deleteJob(spec);
    }
    // what a run that begins must not find: the end of the one before; parts stay
    for (const name of [batchPaths.cancel, batchPaths.result, ...(await placeNames(place, batchPaths.nodes))]) {
      if (!name.startsWith(batchPaths.nodes) || name.endsWith('/status.json')) await place.remove(name);
    }
    await place.write(batchPaths.job, `${JSON.stringify(spec.job, null, 2)}\n`);
    await this.#cluster.apply(job);
  }

  async observe(spec: BatchSpec): Promise<BatchProgress | undefined> {
    const name = jobOf(spec);
    const job = await this.#cluster.read<V1Job>(name);
    const place = await this.#place(spec);
    const nodes = nodesOf(spec);
    const resultText = await placeText(place, batchPaths.result);
    const result = resultText === undefined ? undefined : (JSON.parse(resultText) as BatchResult);
    if (job === undefined && result === undefined && (await placeText(place, batchPaths.job)) === undefined)
      return undefined;
    const statuses: BatchStatus[] = [];
    for (let index = 0; index < nodes; index += 1) {
      const text = await placeText(place, `${batchPaths.nodes}${index}/status.json`);
      if (text !== undefined) statuses.push(JSON.parse(text) as BatchStatus);
    }
    const progress = combineBatchStatus(statuses, { nodes, result });
    if (isFinalBatchState(progress.state) && progress.state !== 'Interrupted') return progress;
    return await this.#withPods(progress, { job, spec, isCancelled: (await placeText(place, batchPaths.cancel)) !== undefined }); // prettier-ignore
  }

  async cancel(spec: BatchSpec): Promise<void> {
    await (await this.#place(spec)).write(batchPaths.cancel, new Date().toISOString());
    const wanted = jobOf(spec);
    const present = await this.#cluster.read<V1Job>(wanted);
    if (present === undefined || !isActive(present)) return;
    // nodes end by themselves when they see that; suspended, none of them is started anew
    await this.#cluster.apply({ ...wanted, spec: { ...(wanted['spec'] as object), suspend: true } });
  }

  async results(spec: BatchSpec): Promise<readonly BatchOutputFile[]> {
    const text = await placeText(await this.#place(spec), batchPaths.result);
    if (text === undefined) return [];
    const { files } = JSON.parse(text) as BatchResult;
    return files.map(({ name, sizeBytes }) => ({ name, sizeBytes, place: `${spec.job.output.replace(/\/$/, '')}/${name}` }));
  } // prettier-ignore

  /** Without a name the overview of each node; of pods that never came so far, what they said themselves. */
  async logs(
    spec: BatchSpec,
    { file, lines }: { readonly file?: string | undefined; readonly lines: number },
  ): Promise<readonly string[]> {
    const place = await this.#place(spec);
    const known = await this.logFiles(spec);
    const wanted = known.filter((name) => (file === undefined ? name.startsWith(OVERVIEW) : name === file));
    const all: string[] = [];
    for (const name of wanted) all.push(...linesOf(await placeText(place, `${batchPaths.logs}${name}`)));
    if (wanted.length > 0) return all.slice(-lines);
    if (file !== undefined) {
      throw new DeployersError('BatchLogNotFound', `the batch job ${spec.name} has no log "${file}"; there is ${known.length === 0 ? 'none yet' : known.join(', ')}`, { details: { name: spec.name, file } }); // prettier-ignore
    }
    for (const pod of await this.#pods(spec)) {
      const own = await this.#cluster.podLog(pod, { container: BATCH_CONTAINER, lines });
      all.push(...own.map((line) => `${pod.metadata?.name} ${line}`));
    }
    return all.slice(-lines);
  }

  async logFiles(spec: BatchSpec): Promise<readonly string[]> {
    const names = await placeNames(await this.#place(spec), batchPaths.logs);
    return names.map((name) => name.slice(batchPaths.logs.length));
  }

  async remove(spec: BatchSpec): Promise<void> {
    await this.#deleteJob(spec);
    const place = await this.#place(spec);
    for (const name of await placeNames(place, '')) await place.remove(name);
  }

  async #withPods(
    progress: BatchProgress,
    { job, spec, isCancelled }: { job: V1Job | undefined; spec: BatchSpec; isCancelled: boolean },
  ): Promise<BatchProgress> {
    const active = job?.status?.active ?? 0;
    if (isCancelled) return { ...progress, state: active === 0 ? 'Canceled' : 'CancelRequested' };
    const failed = job?.status?.conditions?.find(({ type, status }) => type === 'Failed' && status === 'True');
    const trouble = podTrouble(await this.#pods(spec));
    if (failed !== undefined || trouble?.isFinal === true) {
      const reason = progress.reason ?? trouble?.message ?? failed?.message ?? 'the Job of Kubernetes failed';
      return { ...progress, state: 'Failed', reason };
    }
    if (job === undefined)
      return { ...progress, state: 'Interrupted', reason: 'its Job is not in the cluster any more' };
    return trouble === undefined ? progress : { ...progress, reason: trouble.message };
  }

  async #deleteJob(spec: BatchSpec): Promise<void> {
    const job = jobOf(spec);
    const present = await this.#cluster.read<V1Job>(job);
    if (present === undefined) return;
    requireOurs(present, `Job ${job.metadata.namespace}/${spec.name}`);
    await this.#cluster.delete(job);
    const { patienceMs = PATIENCE_MS } = this.#options;
    const deadline = performance.now() + patienceMs;
    // two nodes of one index would write the same state
    while ((await this.#cluster.read(job)) !== undefined || (await this.#pods(spec)).length > 0) {
      if (performance.now() > deadline) {
        throw new DeployersError('DeploymentTimedOut', `the pods of the batch job ${spec.name} do not end within ${patienceMs / 1000} s`, { details: { name: spec.name } }); // prettier-ignore
      }
      await sleep(Math.min(this.pollMs, 1000));
    }
  }

  async #pods(spec: BatchSpec): Promise<V1Pod[]> {
    return await this.#cluster.pods(jobOf(spec).metadata.namespace, batchSelector(spec.name));
  }

  async #place(spec: BatchSpec): Promise<BatchPlace> {
    return await this.#options.openPlace(placeOf(spec));
  }
}

function jobOf(spec: BatchSpec) {
  const { runMaxTry } = settleBatchJob(spec.job);
  return indexedJobOf({
    name: spec.name,
    image: spec.artifact,
    place: placeOf(spec),
    nodes: nodesOf(spec),
    tries: runMaxTry,
    settings: spec.cluster ?? { place: '' },
  });
}

/** Each job has a folder of its own there. */
function placeOf({ name, cluster }: BatchSpec): string {
  if (cluster !== undefined) return `${cluster.place.replace(/\/$/, '')}/${name}`;
  throw new DeployersError('DeploymentConfigInvalid', `the batch job ${name} cannot run on a cluster: kubernetes.place is missing, the address that its pods share`, { details: { path: '$.kubernetes.place' } }); // prettier-ignore
}

function nodesOf({ job }: BatchSpec): number {
  return settleBatchJob(job).nodeCount;
}

function isActive({ status, spec }: V1Job): boolean {
  const isOver = status?.conditions?.some(({ type, status: value }) => (type === 'Complete' || type === 'Failed') && value === 'True'); // prettier-ignore
  return isOver !== true && !(spec?.suspend === true && (status?.active ?? 0) === 0);
}

function linesOf(text = ''): string[] {
  return text.split('\n').filter((line) => line !== '');
}

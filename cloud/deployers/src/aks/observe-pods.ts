import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import { explainFailure } from '../explain-failure.ts';
import type { Observation, ServiceState } from '../target.ts';
import { CONTAINER, REVISION_ANNOTATION } from './kubernetes-objects.ts';

/** What the pods of a service say while it is rolled out. */
export interface PodsSeen {
  readonly state: ServiceState;
  readonly stage: string | undefined;
  /** The newest revision of which a pod is ready. */
  readonly servingRevision: number | undefined;
  readonly failure?: NonNullable<Observation['failure']>;
}

const PULL_FAILURES = new Set(['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull']);
const CONFIG_FAILURES = new Set(['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError']);

/**
 * Looks for the first reason why a revision does not come up. A container that ended is a failure at once: waiting for
 * Kubernetes' deadline tells nobody anything new.
 */
export async function observePods(
  pods: readonly V1Pod[],
  revision: number,
  formerLog: (pod: V1Pod) => Promise<readonly string[]>,
): Promise<PodsSeen> {
  const ready = pods.filter((pod) =>
    pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
  );
  const servingRevision = ready.length === 0 ? undefined : Math.max(...ready.map(revisionOf));
  for (const pod of pods.filter((one) => revisionOf(one) === revision)) {
    const failure = await failureOf(pod, formerLog);
    if (failure === undefined) continue;
    const isUnschedulable = failure.stage === 'schedule';
    // a cluster that grows by itself makes room: this is not final
    if (isUnschedulable) return { state: 'Unschedulable', stage: `not scheduled: ${failure.message}`, servingRevision };
    const state = servingRevision === undefined ? 'Failed' : 'Healthy';
    return { state, stage: `failed in the stage ${failure.stage}`, servingRevision, failure: { ...failure, revision } };
  }
  return { state: 'Transitioning', stage: undefined, servingRevision };
}

function revisionOf(pod: V1Pod): number {
  return Number(pod.metadata?.annotations?.[REVISION_ANNOTATION] ?? 0);
}

type Failure = Omit<NonNullable<Observation['failure']>, 'revision'>;

async function failureOf(
  pod: V1Pod,
  formerLog: (pod: V1Pod) => Promise<readonly string[]>,
): Promise<Failure | undefined> {
  const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status === 'False' && scheduled.reason === 'Unschedulable') {
    return { stage: 'schedule', message: scheduled.message ?? 'no node has room', likelyCause: '', log: [] };
  }
  const status = pod.status?.containerStatuses?.find(({ name }) => name === CONTAINER);
  const waiting = status?.state?.waiting;
  const message = waiting?.message ?? waiting?.reason ?? '';
  if (waiting?.reason !== undefined && PULL_FAILURES.has(waiting.reason)) {
    const likelyCause =
      'The cluster cannot pull the image: check its name, and that the cluster may read the registry.';
    return { stage: 'pull', message, likelyCause, log: [] };
  }
  if (waiting?.reason !== undefined && CONFIG_FAILURES.has(waiting.reason)) {
    return {
      stage: 'configuration',
      message,
      likelyCause: 'A Secret or a setting of the container is missing.',
      log: [],
    };
  }
  const ended = endOf(status);
  if (ended === undefined) return undefined;
  const failure = explainFailure({ exitCode: ended.exitCode, signal: undefined, log: await formerLog(pod) });
  if (ended.reason !== 'OOMKilled') return failure;
  return {
    ...failure,
    stage: 'start',
    message: 'it took more memory than it may have (OOMKilled)',
    likelyCause: 'Raise memoryInGBLimit, or make the model smaller.',
  };
}

function endOf(status: V1ContainerStatus | undefined): { exitCode: number; reason?: string } | undefined {
  const ended = status?.state?.terminated ?? status?.lastState?.terminated;
  // a replica that was ready is a matter of the liveness probe, not of the rollout
  return status?.ready === true ? undefined : ended;
}

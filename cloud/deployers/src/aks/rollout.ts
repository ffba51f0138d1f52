import type { V1Deployment } from '@kubernetes/client-node';
import type { Observation } from '../target.ts';
import { REVISION_ANNOTATION } from './kubernetes-objects.ts';

/** How far a Deployment is. */
export interface Rollout {
  /** The revision that is wanted. */
  readonly revision: number;
  /** True when all replicas are of that revision and ready. */
  readonly isComplete: boolean;
  readonly stage: string;
  readonly replicas: { readonly desired: number; readonly ready: number };
  readonly failure?: NonNullable<Observation['failure']>;
}

/** Reads the status of a Deployment by the rules of `kubectl rollout status`. */
export function rolloutOf({ metadata, spec, status }: V1Deployment): Rollout {
  const revision = Number(metadata?.annotations?.[REVISION_ANNOTATION] ?? 0);
  const desired = spec?.replicas ?? 1;
  const {
    observedGeneration = 0,
    updatedReplicas = 0,
    replicas = 0,
    availableReplicas = 0,
    readyReplicas = 0,
  } = status ?? {};
  const isNoticed = observedGeneration >= (metadata?.generation ?? 0);
  const isComplete =
    isNoticed && updatedReplicas >= desired && replicas <= updatedReplicas && availableReplicas >= updatedReplicas;
  const shared = { revision, isComplete, replicas: { desired, ready: readyReplicas } };
  const stage = isNoticed
    ? `rolling out revision ${revision}: ${updatedReplicas} of ${desired} replicas made, ${availableReplicas} ready`
    : `revision ${revision} is accepted`;
  const stuck = status?.conditions?.find(
    ({ type, status: value, reason }) =>
      type === 'Progressing' && value === 'False' && reason === 'ProgressDeadlineExceeded',
  );
  if (stuck === undefined || !isNoticed) return { ...shared, stage };
  return {
    ...shared,
    stage: 'the deadline for progress has passed',
    failure: {
      revision,
      stage: 'schedule',
      message: stuck.message ?? 'the deadline for progress has passed',
      likelyCause: 'Pods are not made or not ready: look at `kubectl describe`, quotas and admission rules.',
      log: [],
    },
  };
}

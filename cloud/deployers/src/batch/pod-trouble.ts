import type { V1Pod } from '@kubernetes/client-node';

/** Why the pods of a job do not work. */
export interface PodTrouble {
  readonly message: string;
  /** Whether waiting cannot help. */
  readonly isFinal: boolean;
}

const FINAL = new Set(['InvalidImageName', 'ErrImageNeverPull', 'ImagePullBackOff', 'CreateContainerConfigError']);

/** The first trouble of pods that have not started: no node with room, an image that cannot be pulled, a Secret that is missing. */
export function podTrouble(pods: readonly V1Pod[]): PodTrouble | undefined {
  for (const { metadata, status } of pods) {
    const waiting = status?.containerStatuses?.[0]?.state?.waiting;
    const reason = waiting?.reason ?? '';
    if (FINAL.has(reason)) return { message: `${metadata?.name}: ${waiting?.message ?? reason}`, isFinal: true };
    const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled');
    // a cluster that grows by itself makes room
    if (scheduled?.status === 'False') {
      return {
        message: `${metadata?.name} waits for a node: ${scheduled.message ?? scheduled.reason}`,
        isFinal: false,
      };
    }
  }
  return undefined;
}

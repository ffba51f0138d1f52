import type { BatchClusterSettings } from '@edgewright/contract';
import { GPU_TOLERATIONS, resourcesOf } from '../aks/container-resources.ts';
import type { KubernetesManifest } from '../aks/kubernetes-manifest.ts';

/** What an Indexed Job is made of. */
export interface IndexedJobInput {
  readonly name: string;
  /** An image that the cluster can pull. */
  readonly image: string;
  /** The address of the job, which all pods reach. */
  readonly place: string;
  readonly nodes: number;
  /** How often a node that ended by itself is started anew. */
  readonly tries: number;
  readonly settings: BatchClusterSettings;
}

export const BATCH_CONTAINER = 'scorer';

/** Of a node that a job made end: starting it anew would end it again. */
const NO_RETRY_EXIT_CODES = [2];
const GRACE_SECONDS = 60;
const KEPT_SECONDS = 7 * 24 * 3600;

/** Selects the pods of a batch job. */
export function batchSelector(name: string): Record<string, string> {
  return { 'app.kubernetes.io/name': 'edgewright-batch', 'app.kubernetes.io/instance': name };
}

/**
 * The Job of Kubernetes for a batch job: one pod for each node, each told its index. Kubernetes starts them, starts anew those
 * that end, and knows when all are done; what a node has finished stands in the place of the job and is not done again.
 */
export function indexedJobOf(input: IndexedJobInput): KubernetesManifest {
  const { name, nodes, tries, settings } = input;
  const labels = { ...batchSelector(name), 'app.kubernetes.io/managed-by': 'edgewright' };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: settings.namespace ?? 'default', labels },
    spec: {
      completionMode: 'Indexed',
      completions: nodes,
      parallelism: Math.min(nodes, settings.parallelism ?? nodes),
      backoffLimitPerIndex: tries,
      ttlSecondsAfterFinished: KEPT_SECONDS,
      podFailurePolicy: {
        rules: [
          // a machine that was drained is nobody's fault
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
          {
            action: 'FailIndex',
            onExitCodes: { containerName: BATCH_CONTAINER, operator: 'In', values: NO_RETRY_EXIT_CODES },
          },
        ],
      },
      template: { metadata: { labels }, spec: podOf(input) },
    },
  };
}

function podOf(input: IndexedJobInput): Record<string, unknown> {
  const { settings } = input;
  const { imagePullSecretName, serviceAccountName, volumeClaim, containerResourceRequirements: resources } = settings;
  return {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: GRACE_SECONDS,
    automountServiceAccountToken: serviceAccountName !== undefined,
    ...(serviceAccountName === undefined ? {} : { serviceAccountName }),
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 1000,
      fsGroup: 1000,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    ...((resources?.gpu ?? 0) === 0 ? {} : { tolerations: GPU_TOLERATIONS }),
    ...(imagePullSecretName === undefined ? {} : { imagePullSecrets: [{ name: imagePullSecretName }] }),
    containers: [containerOf(input)],
    volumes: [
      { name: 'tmp', emptyDir: {} },
      ...(volumeClaim === undefined ? [] : [{ name: 'place', persistentVolumeClaim: { claimName: volumeClaim.name } }]),
    ],
  };
}

function containerOf({ image, place, nodes, settings }: IndexedJobInput): Record<string, unknown> {
  const { environmentSecretName, volumeClaim } = settings;
  return {
    name: BATCH_CONTAINER,
    image,
    args: ['batch', 'run'],
    // Kubernetes adds JOB_COMPLETION_INDEX, by which a pod knows its share
    env: [
      { name: 'EDGEWRIGHT_BATCH_JOB', value: place },
      { name: 'EDGEWRIGHT_BATCH_SHARDS', value: String(nodes) },
    ],
    ...(environmentSecretName === undefined ? {} : { envFrom: [{ secretRef: { name: environmentSecretName } }] }),
    resources: resourcesOf({ cpu: 1, memoryInGB: 2, ...settings.containerResourceRequirements }),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [
      { name: 'tmp', mountPath: '/tmp' },
      ...(volumeClaim === undefined ? [] : [{ name: 'place', mountPath: volumeClaim.mountPath }]),
    ],
  };
}

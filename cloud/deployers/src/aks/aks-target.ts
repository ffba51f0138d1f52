import { CoreV1Api, KubeConfig, KubernetesObjectApi, PatchStrategy } from '@kubernetes/client-node';
import type { KubernetesObject, V1Deployment, V1Pod, V1Service } from '@kubernetes/client-node';
import { messageOf } from '@edgewright/contract';
import type { AksSettings } from '../config/complete-deployment-config.ts';
import { DeployersError } from '../deployers-error.ts';
import type { ServiceSpec } from '../service-spec.ts';
import type { Observation, Plan, PlannedChange, Target } from '../target.ts';
import { driftOf } from './drift.ts';
import { CONTAINER, kubernetesObjects, possibleObjects, selectorOf } from './kubernetes-objects.ts';
import type { KubernetesManifest } from './kubernetes-objects.ts';
import { observePods } from './observe-pods.ts';
import { addressOf, rolloutOf } from './rollout.ts';

export interface AksTargetOptions {
  /** A kubeconfig file. */
  readonly kubeconfig: string;
  /** Default: the current one of the file. */
  readonly context?: string | undefined;
}

/** Who made a field, for Kubernetes: what others set beside it stays. */
const FIELD_MANAGER = 'edgewright';
const LOG_LIMIT_BYTES = 16 * 1024 * 1024;

type Header = KubernetesObject & { metadata: { name: string; namespace: string } };

/** Runs services on a Kubernetes cluster: AKS, or any other. */
export class AksTarget implements Target {
  readonly computeType = 'aks';
  readonly pollMs: number;
  readonly patienceMs = 900_000;
  readonly #objects: KubernetesObjectApi;
  readonly #core: CoreV1Api;

  /** @throws DeployersError `ClusterUnusable` when the kubeconfig cannot be read */
  constructor(options: AksTargetOptions, pollMs = 2000) {
    this.pollMs = pollMs;
    const config = new KubeConfig();
    try {
      config.loadFromFile(options.kubeconfig);
      if (options.context !== undefined) config.setCurrentContext(options.context);
      if (config.getCurrentCluster() === null) throw new TypeError(`it has no context "${config.getCurrentContext()}"`);
    } catch (cause) {
      throw new DeployersError(
        'ClusterUnusable',
        `cannot use the kubeconfig ${options.kubeconfig}: ${messageOf(cause)}`,
        {
          details: { kubeconfig: options.kubeconfig },
          cause,
        },
      );
    }
    this.#objects = KubernetesObjectApi.makeApiClient(config);
    this.#core = config.makeApiClient(CoreV1Api);
  }

  async plan(spec: ServiceSpec): Promise<Plan> {
    const changes: PlannedChange[] = [];
    for (const object of kubernetesObjects(spec)) {
      const subject = `${object.kind} ${object.metadata.namespace}/${object.metadata.name}`;
      const present = await this.#read(object);
      const result = await this.#call(`plan ${subject}`, () => this.#patch(object, 'All'));
      if (present === undefined) changes.push({ action: 'create', subject });
      else {
        const drift = driftOf(present, result);
        if (drift.length > 0) changes.push({ action: 'update', subject, reason: drift.join(', ') });
      }
    }
    for (const object of await this.#superfluous(spec)) {
      const subject = `${object.kind} ${object.metadata.namespace}/${object.metadata.name}`;
      changes.push({ action: 'delete', subject, reason: 'the settings do not ask for it any more' });
    }
    return { spec, changes };
  }

  async apply({ spec }: Plan): Promise<void> {
    for (const object of kubernetesObjects(spec)) {
      await this.#call(`apply ${object.kind} ${object.metadata.name}`, () => this.#patch(object));
    }
    for (const object of await this.#superfluous(spec)) await this.#delete(object);
  }

  async observe(spec: ServiceSpec): Promise<Observation | undefined> {
    const { namespace } = spec.settings as AksSettings;
    const metadata = { name: spec.name, namespace };
    const deployment: V1Deployment | undefined = await this.#read({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
    });
    if (deployment === undefined) return undefined;
    const service: V1Service | undefined = await this.#read({ apiVersion: 'v1', kind: 'Service', metadata });
    const pods = await this.#pods(spec);
    const rollout = rolloutOf(deployment);
    const seen = await observePods(pods, rollout.revision, (pod) => this.#podLog(pod, { previous: true, lines: 200 }));
    return {
      url: addressOf(spec.settings as AksSettings, spec.name, service),
      replicas: rollout.replicas,
      revision: rollout.isComplete ? rollout.revision : seen.servingRevision,
      state: rollout.isComplete ? 'Healthy' : seen.state,
      stage: rollout.isComplete ? 'serving' : (seen.stage ?? rollout.stage),
      ...(rollout.isComplete || seen.failure === undefined ? {} : { failure: seen.failure }),
      ...(rollout.failure === undefined || seen.failure !== undefined ? {} : { failure: rollout.failure }),
    };
  }

  async setCredentials(spec: ServiceSpec): Promise<void> {
    const secret = kubernetesObjects(spec).find(({ kind }) => kind === 'Secret');
    if (secret !== undefined) await this.#call('apply the Secret', () => this.#patch(secret));
  }

  async logs(spec: ServiceSpec, lines: number): Promise<readonly string[]> {
    const all: string[] = [];
    const pods = await this.#pods(spec);
    for (const pod of pods) {
      const own = await this.#podLog(pod, { previous: false, lines });
      const name = pod.metadata?.name ?? '';
      all.push(...(pods.length > 1 ? own.map((line) => `${name} ${line}`) : own));
    }
    return all.slice(-lines);
  }

  async remove(spec: ServiceSpec): Promise<void> {
    for (const object of possibleObjects(spec)) if (await this.#isOurs(object)) await this.#delete(object);
  }

  /** Objects of a service that its settings do not ask for any more. */
  async #superfluous(spec: ServiceSpec): Promise<KubernetesManifest[]> {
    const wanted = new Set(kubernetesObjects(spec).map(({ kind }) => kind));
    const found: KubernetesManifest[] = [];
    for (const object of possibleObjects(spec)) {
      if (!wanted.has(object.kind) && (await this.#isOurs(object))) found.push(object);
    }
    return found;
  }

  /** What has the name of a service and was not made by edgewright is left alone. */
  async #isOurs(object: KubernetesManifest): Promise<boolean> {
    const present = await this.#read(object);
    return present?.metadata?.labels?.['app.kubernetes.io/managed-by'] === 'edgewright';
  }

  async #patch(object: KubernetesManifest, dryRun?: 'All'): Promise<KubernetesObject> {
    return await this.#objects.patch(object, undefined, dryRun, FIELD_MANAGER, true, PatchStrategy.ServerSideApply);
  }

  async #read(
    object: Pick<KubernetesManifest, 'apiVersion' | 'kind' | 'metadata'>,
  ): Promise<KubernetesObject | undefined> {
    const { apiVersion, kind, metadata } = object;
    const { name, namespace } = metadata;
    try {
      return await this.#call(`read ${kind} ${name}`, () =>
        this.#objects.read({ apiVersion, kind, metadata: { name, namespace } }),
      );
    } catch (error) {
      if (error instanceof DeployersError && error.details['status'] === 404) return undefined;
      throw error;
    }
  }

  async #delete({ apiVersion, kind, metadata: { name, namespace } }: KubernetesManifest): Promise<void> {
    const object: Header = { apiVersion, kind, metadata: { name, namespace } };
    try {
      await this.#call(`delete ${kind} ${name}`, () =>
        this.#objects.delete(object, undefined, undefined, undefined, undefined, 'Background'),
      );
    } catch (error) {
      if (!(error instanceof DeployersError && error.details['status'] === 404)) throw error;
    }
  }

  async #pods(spec: ServiceSpec): Promise<V1Pod[]> {
    const { namespace } = spec.settings as AksSettings;
    const labelSelector = Object.entries(selectorOf(spec))
      .map(([key, value]) => `${key}=${value}`)
      .join(',');
    return (await this.#call('list pods', () => this.#core.listNamespacedPod({ namespace, labelSelector }))).items;
  }

  async #podLog(pod: V1Pod, { previous, lines }: { previous: boolean; lines: number }): Promise<readonly string[]> {
    const { name = '', namespace = '' } = pod.metadata ?? {};
    const text = await this.#core
      .readNamespacedPodLog({
        name,
        namespace,
        container: CONTAINER,
        previous,
        tailLines: lines,
        limitBytes: LOG_LIMIT_BYTES,
      })
      // a container that never ran has no log
      .catch(() => '');
    return text.split('\n').filter((line) => line !== '');
  }

  async #call<Result>(what: string, call: () => Promise<Result>): Promise<Result> {
    try {
      return await call();
    } catch (cause) {
      const { code, body } = cause as { code?: unknown; body?: unknown };
      throw new DeployersError('ClusterRefused', `cannot ${what}: ${reasonOf(body) ?? messageOf(cause)}`, {
        details: { status: typeof code === 'number' ? code : null },
        cause,
      });
    }
  }
}

/** The message of a Kubernetes `Status`. */
function reasonOf(body: unknown): string | undefined {
  const status: unknown = typeof body === 'string' ? safeParse(body) : body;
  const { message } = (status ?? {}) as { message?: unknown };
  return typeof message === 'string' ? message : undefined;
}

function safeParse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

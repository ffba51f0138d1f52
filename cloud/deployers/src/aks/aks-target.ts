import type { V1Deployment } from '@kubernetes/client-node';
import type { AksSettings } from '../config/complete-deployment-config.ts';
import type { ServiceSpec } from '../service-spec.ts';
import type { Observation, Plan, Target } from '../target.ts';
import { AksEndpoints } from './aks-endpoints.ts';
import { KubeCluster } from './kube-cluster.ts';
import type { KubeClusterOptions } from './kube-cluster.ts';
import { CONTAINER, kubernetesObjects, possibleObjects, selectorOf } from './kubernetes-objects.ts';
import { applyObjects, planObjects, removeObjects } from './object-set.ts';
import { observePods } from './observe-pods.ts';
import { rolloutOf } from './rollout.ts';
import type { Rollout } from './rollout.ts';
import type { PodsSeen } from './observe-pods.ts';
import { routingOf } from './routing.ts';
import type { Routing } from './routing.ts';
import { serviceAddress } from './service-address.ts';
import type { ServiceAddress } from './service-address.ts';

const FAILED_LOG_LINES = 200;
const OUTSIDE_ENDPOINT: Routing = { kind: 'none', isSecure: false };

/** Runs services on a Kubernetes cluster: AKS, or any other. */
export class AksTarget implements Target {
  readonly computeType = 'aks';
  readonly pollMs: number;
  readonly patienceMs = 900_000;
  readonly endpoints: AksEndpoints;
  readonly #cluster: KubeCluster;

  /** @throws DeployersError `ClusterUnusable` when the kubeconfig cannot be read */
  constructor(options: KubeClusterOptions, pollMs = 2000) {
    this.pollMs = pollMs;
    this.#cluster = new KubeCluster(options);
    this.endpoints = new AksEndpoints(this.#cluster);
  }

  async plan(spec: ServiceSpec): Promise<Plan> {
    const objects = await this.#objects(spec);
    const possible = possibleObjects(spec);
    return { spec, objects, changes: await planObjects(this.#cluster, { wanted: objects, possible }) };
  }

  async apply({ spec }: Plan): Promise<void> {
    const set = { wanted: await this.#objects(spec), possible: possibleObjects(spec) };
    await applyObjects(this.#cluster, set);
  }

  async observe(spec: ServiceSpec): Promise<Observation | undefined> {
    const { namespace } = spec.settings as AksSettings;
    const metadata = { name: spec.name, namespace };
    const deployment = await this.#cluster.read<V1Deployment>({ apiVersion: 'apps/v1', kind: 'Deployment', metadata });
    if (deployment === undefined) return undefined;
    const settings = spec.settings as AksSettings;
    const address = await serviceAddress({ name: spec.name, settings }, await this.#routing(spec), this.#cluster);
    const pods = await this.#cluster.pods(namespace, selectorOf(spec));
    const rollout = rolloutOf(deployment);
    const seen = await observePods(pods, rollout.revision, (pod) =>
      this.#cluster.podLog(pod, { container: CONTAINER, previous: true, lines: FAILED_LOG_LINES }),
    );
    return rollout.isComplete ? complete(rollout, address) : incomplete(rollout, seen, address);
  }

  async setCredentials(spec: ServiceSpec): Promise<void> {
    const secret = kubernetesObjects(spec, OUTSIDE_ENDPOINT).find(({ kind }) => kind === 'Secret');
    if (secret !== undefined) await this.#cluster.apply(secret);
  }

  async logs(spec: ServiceSpec, lines: number): Promise<readonly string[]> {
    const all: string[] = [];
    const { namespace } = spec.settings as AksSettings;
    const pods = await this.#cluster.pods(namespace, selectorOf(spec));
    for (const pod of pods) {
      const own = await this.#cluster.podLog(pod, { container: CONTAINER, lines });
      const name = pod.metadata?.name ?? '';
      all.push(...(pods.length > 1 ? own.map((line) => `${name} ${line}`) : own));
    }
    return all.slice(-lines);
  }

  async remove(spec: ServiceSpec): Promise<void> {
    await removeObjects(this.#cluster, possibleObjects(spec));
  }

  async #objects(spec: ServiceSpec) {
    return kubernetesObjects(spec, await this.#routing(spec));
  }

  async #routing(spec: ServiceSpec): Promise<Routing> {
    if (spec.endpoint !== undefined) return OUTSIDE_ENDPOINT;
    return await routingOf(spec.settings as AksSettings, this.#cluster);
  }
}

function complete({ replicas, revision }: Rollout, { url, waiting, failure }: ServiceAddress): Observation {
  if (failure !== undefined) {
    const stage = `failed in the stage ${failure.stage}`;
    return { state: 'Unhealthy', revision, stage, url, replicas, failure: { ...failure, revision } };
  }
  if (waiting !== undefined) return { state: 'Transitioning', revision, stage: waiting, url, replicas };
  return { state: 'Healthy', revision, stage: 'serving', url, replicas };
}

function incomplete(rollout: Rollout, seen: PodsSeen, { url }: ServiceAddress): Observation {
  const failure = seen.failure ?? rollout.failure;
  return {
    state: seen.state,
    revision: seen.servingRevision,
    stage: seen.stage ?? rollout.stage,
    url,
    replicas: rollout.replicas,
    ...(failure === undefined ? {} : { failure }),
  };
}

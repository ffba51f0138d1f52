import type { AksSettings } from '../config/complete-deployment-config.ts';
import type { EndpointObservation, EndpointRouter, EndpointSpec } from '../endpoint/endpoint-spec.ts';
import { trafficShares } from '../endpoint/traffic.ts';
import type { PlannedChange } from '../planned-change.ts';
import type { KubeCluster } from './kube-cluster.ts';
import type { KubernetesManifest } from './kubernetes-manifest.ts';
import { ENDPOINT_LABEL, plainService, POSSIBLE_ROUTES, selectorOf } from './kubernetes-objects.ts';
import { applyObjects, planObjects, removeObjects } from './object-set.ts';
import type { ObjectSet } from './object-set.ts';
import { onlyBackend, routeObjects } from './route-objects.ts';
import type { RouteInput } from './route-objects.ts';
import { routingOf } from './routing.ts';
import { serviceAddress } from './service-address.ts';

/** Endpoints of a Kubernetes cluster: traffic by the weights of a route, or all of it to one version. */
export class AksEndpoints implements EndpointRouter {
  readonly #cluster: KubeCluster;

  constructor(cluster: KubeCluster) {
    this.#cluster = cluster;
  }

  async plan(endpoint: EndpointSpec): Promise<readonly PlannedChange[]> {
    return await planObjects(this.#cluster, await this.#set(endpoint));
  }

  async apply(endpoint: EndpointSpec): Promise<void> {
    await applyObjects(this.#cluster, await this.#set(endpoint));
  }

  async observe({ name, settings }: EndpointSpec): Promise<EndpointObservation> {
    const aks = settings as AksSettings;
    return await serviceAddress({ name, settings: aks }, await routingOf(aks, this.#cluster), this.#cluster);
  }

  async remove(endpoint: EndpointSpec): Promise<void> {
    await removeObjects(this.#cluster, possibleOf(metadataOf(endpoint)));
  }

  async #set(endpoint: EndpointSpec): Promise<ObjectSet> {
    const routing = await routingOf(endpoint.settings as AksSettings, this.#cluster);
    const wanted = endpointObjects(endpoint, routing);
    return { wanted, possible: possibleOf(metadataOf(endpoint)) };
  }
}

/**
 * What an endpoint is on Kubernetes, beside its versions.
 *
 * @throws DeployersError `TrafficInvalid`, `DeploymentConfigInvalid` when the traffic cannot be divided so
 */
export function endpointObjects(endpoint: EndpointSpec, routing: RouteInput['routing']): KubernetesManifest[] {
  const settings = endpoint.settings as AksSettings;
  const metadata = metadataOf(endpoint);
  const specs = new Map(endpoint.versions.map(({ name, spec }) => [name, spec]));
  const backends = trafficShares(endpoint.name, endpoint.versions).map(({ version, percent }) => ({
    version,
    percent,
    service: specs.get(version)?.name ?? version,
  }));
  if (routing.kind !== 'none') return routeObjects({ metadata, settings, routing, backends });
  const chosen = onlyBackend({ metadata, backends });
  const spec = endpoint.versions.find((version) => version.spec.name === chosen)?.spec;
  if (spec === undefined) return [];
  return [plainService(metadata, { exposure: settings.exposure, selector: selectorOf(spec) })];
}

function metadataOf({ name, settings }: Pick<EndpointSpec, 'name' | 'settings'>): KubernetesManifest['metadata'] {
  const { namespace } = settings as AksSettings;
  const labels = { [ENDPOINT_LABEL]: name, 'app.kubernetes.io/managed-by': 'edgewright' };
  return { name, namespace, labels };
}

function possibleOf(metadata: KubernetesManifest['metadata']): KubernetesManifest[] {
  const kinds = [...POSSIBLE_ROUTES, ['v1', 'Service'] as const];
  return kinds.map(([apiVersion, kind]) => ({ apiVersion, kind, metadata }));
}

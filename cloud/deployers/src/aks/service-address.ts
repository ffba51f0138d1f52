import type { KubernetesObject, V1Service } from '@kubernetes/client-node';
import type { AksSettings } from '../config/complete-deployment-config.ts';
import type { StageFailure } from '../stage-failure.ts';
import type { KubeCluster } from './kube-cluster.ts';
import { GATEWAY_API, gatewayName } from './routing.ts';
import type { GatewayObject, Routing } from './routing.ts';

/** Where callers find a service, and what stands in their way. */
export interface ServiceAddress {
  /** Undefined until the cluster has given it one. */
  readonly url: string | undefined;
  /** What is still missing on the way from outside, in a few words; undefined when nothing is. */
  readonly waiting?: string;
  /** Why requests from outside will not arrive. */
  readonly failure?: StageFailure;
}

interface RouteCondition {
  readonly type?: string;
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly observedGeneration?: number;
}

interface HttpRoute extends KubernetesObject {
  readonly status?: {
    readonly parents?: readonly {
      readonly conditions?: readonly RouteCondition[];
    }[];
  };
}

/** Finds the address of a service or an endpoint. */
export async function serviceAddress(
  { name, settings }: { readonly name: string; readonly settings: AksSettings },
  routing: Routing,
  cluster: KubeCluster,
): Promise<ServiceAddress> {
  const { namespace, exposure, ingress } = settings;
  const metadata = { name, namespace };
  const scheme = routing.isSecure ? 'https' : 'http';
  if (routing.kind === 'Gateway') {
    const metadataOfGateway = gatewayName(name, settings);
    const gateway = await cluster.read<GatewayObject>({ apiVersion: GATEWAY_API, kind: 'Gateway', metadata: metadataOfGateway }); // prettier-ignore
    const host = ingress?.host ?? gateway?.status?.addresses?.[0]?.value;
    const route = await cluster.read<HttpRoute>({ apiVersion: GATEWAY_API, kind: 'HTTPRoute', metadata });
    return { url: urlOf(scheme, host), ...wayOf(route) };
  }
  if (routing.kind === 'Ingress') return { url: urlOf(scheme, ingress?.host) };
  if (exposure === 'ClusterIP') return { url: `http://${name}.${namespace}.svc` };
  const service = await cluster.read<V1Service>({ apiVersion: 'v1', kind: 'Service', metadata });
  const [first] = service?.status?.loadBalancer?.ingress ?? [];
  return { url: urlOf('http', first?.hostname ?? first?.ip) };
}

function urlOf(scheme: string, host: string | undefined): string | undefined {
  return host === undefined ? undefined : `${scheme}://${host.includes(':') ? `[${host}]` : host}`;
}

/** A route works once the controller of its Gateway has accepted it, and found the Services. */
function wayOf(route: HttpRoute | undefined): Omit<ServiceAddress, 'url'> {
  const all = route?.status?.parents?.flatMap((parent) => parent.conditions ?? []) ?? [];
  const generation = route?.metadata?.generation ?? 0;
  const conditions = all.filter(({ observedGeneration = generation }) => observedGeneration >= generation);
  if (conditions.length === 0) return { waiting: 'waiting for a controller of the Gateway to take up the route' };
  const bad = conditions.find(
    ({ type, status }) => (type === 'Accepted' || type === 'ResolvedRefs') && status === 'False',
  );
  if (bad === undefined) return {};
  return {
    failure: {
      stage: 'route',
      message: `the Gateway does not take the route: ${bad.message ?? bad.reason ?? bad.type}`,
      likelyCause: 'Its listeners, the host of the service, or the namespaces that it takes routes from do not fit.',
      log: [],
    },
  };
}

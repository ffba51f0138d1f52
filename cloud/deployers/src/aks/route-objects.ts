import type { AksSettings } from '../config/complete-deployment-config.ts';
import { DeployersError } from '../deployers-error.ts';
import type { TrafficShare } from '../endpoint/traffic.ts';
import type { KubernetesManifest } from './kubernetes-manifest.ts';
import { GATEWAY_API, gatewayName } from './routing.ts';
import type { Routing } from './routing.ts';

/** Chooses a version for one request, whatever the traffic is; Azure's name. */
export const VERSION_HEADER = 'azureml-model-deployment';

/** What requests are sent to. */
export interface RouteInput {
  readonly metadata: KubernetesManifest['metadata'];
  readonly settings: AksSettings;
  readonly routing: Routing;
  /** Services of the cluster; those of an endpoint carry the name of their version. */
  readonly backends: readonly (Pick<TrafficShare, 'percent'> & {
    readonly service: string;
    readonly version?: string;
  })[];
}

/**
 * The objects that bring requests from outside to one or several Services.
 *
 * @throws DeployersError `DeploymentConfigInvalid` when an Ingress would have to divide traffic
 */
export function routeObjects(input: RouteInput): KubernetesManifest[] {
  const { kind } = input.routing;
  if (kind === 'none') return [];
  if (kind === 'Ingress') return [ingressOf(input)];
  return [...(input.settings.ingress?.gateway === undefined ? [gatewayOf(input)] : []), httpRouteOf(input)];
}

/** The one backend of places that cannot divide traffic. */
export function onlyBackend({ backends, metadata }: Pick<RouteInput, 'backends' | 'metadata'>): string {
  const used = backends.filter(({ percent }) => percent > 0);
  const [only] = used;
  if (only !== undefined && used.length === 1) return only.service;
  const names = used.map(({ version, percent }) => `${version} ${percent}%`).join(', ');
  throw new DeployersError(
    'DeploymentConfigInvalid',
    `cannot divide the traffic of ${metadata.name} (${names}): that needs the Gateway API, with ingress in the deployment configuration; without it one version takes all`,
    { details: { name: metadata.name } },
  );
}

function gatewayOf({ metadata, settings, routing }: RouteInput): KubernetesManifest {
  const { host, tlsSecretName } = settings.ingress ?? {};
  const hostname = host === undefined ? {} : { hostname: host };
  const listener =
    tlsSecretName === undefined
      ? { name: 'http', port: 80, protocol: 'HTTP', ...hostname }
      : {
          name: 'https',
          port: 443,
          protocol: 'HTTPS',
          ...hostname,
          tls: { mode: 'Terminate', certificateRefs: [{ kind: 'Secret', name: tlsSecretName }] },
        };
  return {
    apiVersion: GATEWAY_API,
    kind: 'Gateway',
    metadata,
    spec: { gatewayClassName: routing.className, listeners: [listener] },
  };
}

function httpRouteOf({ metadata, settings, backends }: RouteInput): KubernetesManifest {
  const { host } = settings.ingress ?? {};
  const parent = gatewayName(metadata.name, settings);
  const refOf = (service: string, weight: number) => ({ name: service, port: 80, weight });
  const pinned = backends.flatMap(({ service, version }) =>
    version === undefined
      ? []
      : [
          {
            matches: [{ headers: [{ type: 'Exact', name: VERSION_HEADER, value: version }] }],
            backendRefs: [refOf(service, 1)],
          },
        ],
  );
  return {
    apiVersion: GATEWAY_API,
    kind: 'HTTPRoute',
    metadata,
    spec: {
      parentRefs: [{ name: parent.name, namespace: parent.namespace }],
      ...(host === undefined ? {} : { hostnames: [host] }),
      rules: [...pinned, { backendRefs: backends.map(({ service, percent }) => refOf(service, percent)) }],
    },
  };
}

function ingressOf(input: RouteInput): KubernetesManifest {
  const { host, tlsSecretName } = input.settings.ingress ?? {};
  const { className } = input.routing;
  const backend = { service: { name: onlyBackend(input), port: { name: 'http' } } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: input.metadata,
    spec: {
      ...(className === undefined ? {} : { ingressClassName: className }),
      ...(tlsSecretName === undefined ? {} : { tls: [{ hosts: [host], secretName: tlsSecretName }] }),
      rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
    },
  };
}

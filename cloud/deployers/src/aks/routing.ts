import type { KubernetesObject } from '@kubernetes/client-node';
import type { AksSettings } from '../config/complete-deployment-config.ts';
import { DeployersError } from '../deployers-error.ts';
import type { KubeCluster } from './kube-cluster.ts';

/** By what requests from outside come to a service. */
export interface Routing {
  /** `none`: the Service itself, by its exposure. */
  readonly kind: 'none' | 'Ingress' | 'Gateway';
  /** The class of the Ingress or of the Gateway; undefined where the cluster chooses, or the Gateway is somebody else's. */
  readonly className?: string;
  /** Whether callers speak HTTPS. */
  readonly isSecure: boolean;
}

export const GATEWAY_API = 'gateway.networking.k8s.io/v1';

/** Of a Gateway that is there, what tells how it is spoken to. */
export interface GatewayObject extends KubernetesObject {
  readonly spec?: { readonly listeners?: readonly { readonly protocol?: string }[] };
  readonly status?: { readonly addresses?: readonly { readonly value?: string }[] };
}

/** Where the Gateway of a service stands. */
export function gatewayName(name: string, { ingress, namespace }: AksSettings): { name: string; namespace: string } {
  const [first = '', second] = (ingress?.gateway ?? name).split('/');
  return second === undefined ? { name: first, namespace } : { name: second, namespace: first };
}

/**
 * Chooses between the Gateway API and Ingress: what the settings say, else what the cluster offers.
 *
 * @throws DeployersError `DeploymentConfigInvalid` when the cluster lacks what the settings ask for
 */
export async function routingOf(settings: AksSettings, cluster: KubeCluster): Promise<Routing> {
  const { ingress } = settings;
  if (ingress === undefined) return { kind: 'none', isSecure: false };
  const hasGateways = ingress.kind !== 'Ingress' && (await cluster.serves(GATEWAY_API, 'HTTPRoute'));
  if (ingress.gateway !== undefined) return await sharedGateway(settings, hasGateways ? cluster : undefined);
  const className = hasGateways ? await gatewayClass(ingress, cluster) : undefined;
  const isSecure = ingress.tlsSecretName !== undefined;
  if (className !== undefined) return { kind: 'Gateway', className, isSecure };
  if (ingress.kind === 'Gateway') throw lacking('kind', hasGateways ? NO_CLASS : NO_GATEWAY_API);
  if (ingress.host === undefined) throw lacking('host', 'it is needed: the cluster has no GatewayClass, and an Ingress needs a name'); // prettier-ignore
  const named = ingress.className === undefined ? {} : { className: ingress.className };
  return { kind: 'Ingress', ...named, isSecure };
}

const NO_GATEWAY_API = 'the cluster does not have the Gateway API: install it with a controller, or take "Ingress"';
const NO_CLASS = 'the cluster has no GatewayClass, or several and className names none of them';

async function sharedGateway(settings: AksSettings, cluster: KubeCluster | undefined): Promise<Routing> {
  if (cluster === undefined) throw lacking('gateway', NO_GATEWAY_API);
  const metadata = gatewayName('', settings);
  const gateway = await cluster.read<GatewayObject>({ apiVersion: GATEWAY_API, kind: 'Gateway', metadata });
  if (gateway === undefined) throw lacking('gateway', `there is no Gateway ${metadata.namespace}/${metadata.name} in the cluster`); // prettier-ignore
  return { kind: 'Gateway', isSecure: gateway.spec?.listeners?.some(({ protocol }) => protocol === 'HTTPS') === true };
}

async function gatewayClass(
  { className, kind }: NonNullable<AksSettings['ingress']>,
  cluster: KubeCluster,
): Promise<string | undefined> {
  const names = await cluster.names(GATEWAY_API, 'GatewayClass');
  if (className !== undefined) return names.includes(className) ? className : undefined;
  if (names.length > 1 && kind === 'Gateway') throw lacking('className', `it is needed: the cluster has the GatewayClasses ${names.join(', ')}`); // prettier-ignore
  return names.length === 1 ? names[0] : undefined;
}

function lacking(key: string, reason: string): DeployersError {
  const path = `$.ingress.${key}`;
  return new DeployersError('DeploymentConfigInvalid', `the cluster cannot be used so: ${path}: ${reason}`, {
    details: { path, reason },
  });
}

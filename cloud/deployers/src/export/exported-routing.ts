import type { Routing } from '../aks/routing.ts';
import type { AksSettings } from '../config/complete-deployment-config.ts';
import { DeployersError } from '../deployers-error.ts';

/** How requests come in, by the settings alone. */
export function exportedRouting({ ingress }: AksSettings): Routing {
  if (ingress === undefined) return { kind: 'none', isSecure: false };
  const isSecure = ingress.tlsSecretName !== undefined;
  const { className, gateway, kind = gateway === undefined ? 'Ingress' : 'Gateway' } = ingress;
  if (kind === 'Gateway' && className === undefined && gateway === undefined) {
    throw invalid('className', 'it is needed: no cluster is asked which GatewayClass it has; or name a gateway');
  }
  if (kind === 'Ingress' && ingress.host === undefined) throw invalid('host', 'it is needed: an Ingress needs a name');
  return { kind, isSecure, ...(className === undefined ? {} : { className }) };
}

function invalid(key: string, reason: string): DeployersError {
  const path = `$.ingress.${key}`;
  return new DeployersError('DeploymentConfigInvalid', `the objects cannot be written down: ${path}: ${reason}`, {
    details: { path, reason },
  });
}

import type { AciDeployment, AksDeployment, DeploymentConfig, LocalDeployment } from '@edgewright/contract';
import { DeployersError } from '../deployers-error.ts';
import { checkCollection } from './collection-rules.ts';

/** What holds for every target. `written` is what stands in the file, before defaults. */
export function checkCommon(written: DeploymentConfig, source: string): void {
  checkCollection(written, source);
  if (written.authEnabled === true && written.tokenAuthEnabled === true) {
    throw invalid(source, '$.tokenAuthEnabled', 'a service has keys or tokens, not both; set authEnabled to false');
  }
  if (written.tokenIssuer !== undefined && written.tokenAuthEnabled !== true) {
    throw invalid(source, '$.tokenIssuer', 'it needs tokenAuthEnabled: true');
  }
  const { primaryKey, secondaryKey } = written.keys ?? {};
  if (primaryKey !== undefined && primaryKey === secondaryKey) {
    throw invalid(source, '$.keys.secondaryKey', 'it is the same as primaryKey, so neither could be changed alone');
  }
}

/** A process has no limits and no network of its own. */
export function checkLocal(settings: LocalDeployment, source: string): void {
  if (settings.container === true) return;
  for (const key of ['containerResourceRequirements', 'containerNetwork'] as const) {
    if (settings[key] !== undefined) {
      throw invalid(
        source,
        `$.${key}`,
        'it is for a container, and the service is to be a process; set container to true',
      );
    }
  }
}

/** Azure's rules for ACI. `settings` has its defaults. */
export function checkAci(settings: AciDeployment, source: string): void {
  const parts = { sslCertificate: settings.sslCertificate, sslKey: settings.sslKey, cname: settings.cname };
  const missing = Object.entries(parts).flatMap(([name, value]) => (value === undefined ? [name] : []));
  const [first] = missing;
  if (settings.sslEnabled === true && first !== undefined) {
    throw invalid(source, `$.${first}`, `TLS needs sslCertificate, sslKey and cname; missing: ${missing.join(', ')}`);
  }
  if (settings.sslEnabled !== true && missing.length < 3) {
    const given = Object.keys(parts).find((name) => !missing.includes(name));
    throw invalid(source, `$.${given}`, 'it is of no use without sslEnabled: true');
  }
  if (settings.vnetConfiguration !== undefined && settings.dnsNameLabel !== undefined) {
    throw invalid(source, '$.dnsNameLabel', 'a service in a virtual network has a private address and no public name');
  }
}

/** Azure's rules for AKS. `written` is what stands in the file, before defaults. */
export function checkAks(written: AksDeployment, source: string): void {
  checkScaling(written, source);
  const resources = written.containerResourceRequirements ?? {};
  const { cpu = 0.1, memoryInGB = 0.5, cpuLimit, memoryInGBLimit } = resources;
  const place = '$.containerResourceRequirements';
  if (cpuLimit !== undefined && cpuLimit < cpu) {
    throw invalid(source, `${place}.cpuLimit`, `${cpuLimit} is less than cpu, which is ${cpu}`);
  }
  if (memoryInGBLimit !== undefined && memoryInGBLimit < memoryInGB) {
    throw invalid(
      source,
      `${place}.memoryInGBLimit`,
      `${memoryInGBLimit} is less than memoryInGB, which is ${memoryInGB}`,
    );
  }
  checkIngress(written, source);
}

function checkIngress({ ingress, exposure }: AksDeployment, source: string): void {
  if (ingress === undefined) return;
  if (exposure !== 'ClusterIP') {
    throw invalid(source, '$.exposure', 'with an ingress it must be "ClusterIP", or there is a way around the ingress');
  }
  const { kind, host, gateway, className, tlsSecretName } = ingress;
  if (kind === 'Ingress' && host === undefined) {
    throw invalid(source, '$.ingress.host', 'it is needed: an Ingress sends requests by their name');
  }
  if (gateway === undefined) return;
  if (kind === 'Ingress') throw invalid(source, '$.ingress.gateway', 'it is of no use for an Ingress');
  const settled = className === undefined ? 'tlsSecretName' : 'className';
  if (className !== undefined || tlsSecretName !== undefined) {
    throw invalid(source, `$.ingress.${settled}`, `the Gateway ${gateway} is there already, and has its own`);
  }
}

function checkScaling({ autoScaler = {}, numReplicas }: AksDeployment, source: string): void {
  const { autoscaleEnabled, ...rest } = autoScaler;
  const [setting] = Object.keys(rest);
  if (autoscaleEnabled === true && numReplicas !== undefined) {
    throw invalid(source, '$.numReplicas', 'the autoscaler chooses the number of replicas; leave one of both out');
  }
  if (autoscaleEnabled === false && numReplicas === undefined) {
    throw invalid(source, '$.numReplicas', 'it is needed when autoScaler.autoscaleEnabled is false');
  }
  if (setting !== undefined && (autoscaleEnabled === false || numReplicas !== undefined)) {
    throw invalid(
      source,
      `$.autoScaler.${setting}`,
      'it is of no use without the autoscaler; numReplicas turns it off',
    );
  }
  const { minReplicas = 1, maxReplicas = 10 } = rest;
  if (minReplicas > maxReplicas) {
    throw invalid(
      source,
      '$.autoScaler.minReplicas',
      `${minReplicas} is more than maxReplicas, which is ${maxReplicas}`,
    );
  }
}

function invalid(source: string, path: string, reason: string): DeployersError {
  return new DeployersError('DeploymentConfigInvalid', `${source} cannot be used: ${path}: ${reason}`, {
    details: { source, path, reason },
  });
}

import { kubernetesObjects } from '../aks/kubernetes-objects.ts';
import type { AksSettings } from '../config/complete-deployment-config.ts';
import { DeployersError } from '../deployers-error.ts';
import type { ServiceSpec } from '../service-spec.ts';
import type { ExportedFile } from './exported-file.ts';
import { exportedRouting } from './exported-routing.ts';
import { helmFiles } from './helm-files.ts';
import { kustomizeFiles } from './kustomize-files.ts';

/**
 * The objects of a service as a Helm chart or a Kustomize base: the same objects that deploying would apply. No cluster is asked.
 *
 * @throws DeployersError `DeploymentConfigInvalid` for other targets, and where only a cluster could decide
 */
export function exportFiles(spec: ServiceSpec, format: 'helm' | 'kustomize'): ExportedFile[] {
  const { settings } = spec;
  if (settings.computeType !== 'aks') {
    throw new DeployersError('DeploymentConfigInvalid', `a service on ${settings.computeType} has no objects of Kubernetes: $.computeType must be "aks" for --format ${format}`, { details: { path: '$.computeType' } }); // prettier-ignore
  }
  const aks: AksSettings = settings;
  const input = { spec, settings: aks, objects: kubernetesObjects(spec, exportedRouting(aks)) };
  return format === 'helm' ? helmFiles(input) : kustomizeFiles(input);
}

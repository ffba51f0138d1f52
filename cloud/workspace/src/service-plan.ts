import type { KubernetesManifest, Plan, PlannedChange } from '@edgewright/deployers';
import { stringify } from 'yaml';

/** What a deployment would do. */
export interface ServicePlan {
  readonly changes: readonly PlannedChange[];
  /** For `aks`: the objects of Kubernetes, without the data of Secrets. */
  readonly objects: readonly KubernetesManifest[];
  /** The objects as YAML. */
  readonly yaml: string;
}

/** Puts a plan into the form in which it may be shown. */
export function servicePlan({ changes, objects = [] }: Plan): ServicePlan {
  const shown = objects.map(withoutSecrets);
  return { changes, objects: shown, yaml: shown.map((object) => `---\n${stringify(object)}`).join('') };
}

function withoutSecrets(object: KubernetesManifest): KubernetesManifest {
  const { apiVersion, kind, metadata } = object;
  return kind === 'Secret' ? { apiVersion, kind, metadata, type: 'Opaque' } : object;
}

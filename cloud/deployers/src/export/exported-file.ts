import type { KubernetesManifest } from '../aks/kubernetes-manifest.ts';
import type { AksSettings } from '../config/complete-deployment-config.ts';
import type { ServiceSpec } from '../service-spec.ts';

/** A file of an export. */
export interface ExportedFile {
  /** Relative, with `/`. */
  readonly path: string;
  readonly content: string;
  /** Whether only its owner may read it. */
  readonly isSecret: boolean;
}

/** What an export is made of. */
export interface ExportInput {
  readonly spec: ServiceSpec;
  readonly settings: AksSettings;
  /** In the order in which they are to be applied; with the data of Secrets. */
  readonly objects: readonly KubernetesManifest[];
}

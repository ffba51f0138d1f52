export { AciTarget } from './aci/aci-target.ts';
export { AksTarget } from './aks/aks-target.ts';
export { kubernetesObjects } from './aks/kubernetes-objects.ts';
export type { KubernetesManifest } from './aks/kubernetes-objects.ts';
export { completeDeploymentConfig } from './config/complete-deployment-config.ts';
export type {
  AciSettings,
  AksSettings,
  DeploymentSettings,
  LocalSettings,
} from './config/complete-deployment-config.ts';
export { issueToken, makeCredentials, makeKey } from './credentials/service-credentials.ts';
export type { AccessToken, ServiceCredentials } from './credentials/service-credentials.ts';
export { DeployersError } from './deployers-error.ts';
export { applySpec, driveDeployment, waitForDeployment } from './drive-deployment.ts';
export { LocalTarget } from './local/local-target.ts';
export { checkServiceName } from './service-spec.ts';
export type { ServiceSpec } from './service-spec.ts';
export { ServiceStore } from './state/service-store.ts';
export type { AzureTarget, ClusterTarget, ComputeTarget, ServiceRecord } from './state/service-store.ts';
export type { Observation, Plan, PlannedChange, ServiceState, StageFailure, Target } from './target.ts';

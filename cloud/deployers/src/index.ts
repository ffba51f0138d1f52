export { AciTarget } from './aci/aci-target.ts';
export { readCertificate } from './aci/read-certificate.ts';
export { ManagedClusters, parseClusterId } from './aks/managed-clusters.ts';
export type { ProvisioningInput } from './aks/provisioning.ts';
export { AksTarget } from './aks/aks-target.ts';
export type { KubernetesManifest } from './aks/kubernetes-manifest.ts';
export type { BatchEngine, BatchOutputFile, BatchPlan, BatchSpec } from './batch/batch-engine.ts';
export { LocalBatchEngine } from './batch/local-batch-engine.ts';
export { completeDeploymentConfig } from './config/complete-deployment-config.ts';
export type {
  AciSettings,
  AksSettings,
  DeploymentSettings,
  LocalSettings,
} from './config/complete-deployment-config.ts';
export { issueToken, makeCredentials, makeKey } from './credentials/service-credentials.ts';
export type { AccessToken, ServiceCredentials } from './credentials/service-credentials.ts';
export { requireNewVersion, requireVersion, versionServiceName } from './endpoint/endpoint-spec.ts';
export type { EndpointObservation, EndpointRouter, EndpointSpec, EndpointVersion } from './endpoint/endpoint-spec.ts';
export { trafficShares, withRoles } from './endpoint/traffic.ts';
export type { TrafficShare, TrafficVersion } from './endpoint/traffic.ts';
export { exportFiles } from './export/export-files.ts';
export type { ExportedFile } from './export/exported-file.ts';
export { KubernetesBatchEngine } from './batch/kubernetes-batch-engine.ts';
export { KubeCluster } from './aks/kube-cluster.ts';
export { DeployersError } from './deployers-error.ts';
export { applySpec, driveDeployment, waitForDeployment } from './drive-deployment.ts';
export { ContainerEngine } from './containers/container-engine.ts';
export { imageRepository, isOwnImage } from './local/container-replicas.ts';
export { LocalTarget } from './local/local-target.ts';
export { profileLimits } from './profile/profile-limits.ts';
export { checkServiceName } from './service-spec.ts';
export type { ServiceSpec } from './service-spec.ts';
export { ServiceStore } from './state/service-store.ts';
export type {
  AzureCluster,
  AzureTarget,
  ClusterTarget,
  ComputeTarget,
  EndpointRecord,
  EndpointVersionRecord,
  ServiceRecord,
} from './state/service-store.ts';
export type { PlannedChange } from './planned-change.ts';
export type { StageFailure } from './stage-failure.ts';
export type { Observation, Plan, ServiceState, Target } from './target.ts';

export { diagnose } from './diagnose.ts';
export { Workspace } from './workspace.ts';
export type { WorkspaceOptions } from './workspace.ts';
export type { WorkspaceFolders } from './workspace-folders.ts';
export type { ModelServer, ServeInput } from './serve-model.ts';
export { createSigningKey } from './signing-key-files.ts';
export type { SigningKeyFiles } from './signing-key-files.ts';
export type { PackagedImage, PackageModelInput, PackageStage } from './package-model.ts';
export type { TuningPlaces } from './save-tuning.ts';
export type { TuneModelInput } from './tune-model.ts';
export { remarkOf as tuningRemark } from '@edgewright/tune';
export type { TunedWay, TuneReport } from '@edgewright/tune';
export { isLocalTarget } from './local-target.ts';
export { readTextFile } from './read-document.ts';
export { WorkspaceEdge } from './workspace-edge.ts';
export type { ApplyInput, HubSelection, NewDeploymentInput } from './workspace-edge.ts';
export { WorkspaceFleet } from './workspace-fleet.ts';
export type { DiffInput, PlanInput, TaggedDevices, TagInput } from './workspace-fleet.ts';
export { WorkspaceError } from './workspace-error.ts';
export { WorkspaceImages } from './workspace-images.ts';
export type {
  BuildImageInput,
  ExportImageInput,
  PullImageInput,
  PushImageInput,
  VerifyImageInput,
} from './workspace-images.ts';
export { WorkspaceManifests } from './workspace-manifests.ts';
export type { BuildManifestRequest, LintRequest } from './workspace-manifests.ts';
export type { DeletionPlan, RegisterFromRunInput } from './workspace-models.ts';
export type { BaselineInput } from './baseline/make-baseline.ts';
export type { RegisterInput } from './workspace-models.ts';
export { WorkspaceMonitor } from './workspace-monitor.ts';
export type { Report, ReportInput } from './workspace-monitor.ts';
export { WorkspaceModels } from './workspace-models.ts';
export type { ProfileModelInput } from './profile-model.ts';
export type { DeployInput } from './deploy-input.ts';
export type { Service } from './service-view.ts';
export type {
  AccessToken,
  ComputeTarget,
  KubernetesManifest,
  PlannedChange,
  ServiceState,
} from '@edgewright/deployers';
export { WorkspaceEndpoints } from './workspace-endpoints.ts';
export type { CreateVersionInput, TrafficInput, UpdateEndpointInput, UpdateVersionInput } from './endpoint-change.ts';
export type { Endpoint, EndpointVersionView } from './endpoint-view.ts';
export { WorkspaceServices } from './workspace-services.ts';
export type { ServiceFilter } from './service-filter.ts';
export type { ExportTo, WrittenExport } from './write-export.ts';
export type { ServicePlan } from './service-plan.ts';
export type { UpdateServiceInput } from './workspace-services.ts';
export { WorkspaceBatches } from './workspace-batches.ts';
export type { Batch } from './batch-view.ts';
export type { BatchDryRun } from './workspace-batches.ts';
export type { SubmitBatchInput } from './batch-input.ts';
export type { BatchOutputFile } from '@edgewright/deployers';
export type { BatchConfig } from '@edgewright/contract';
export { WorkspaceComputeTargets } from './workspace-compute-targets.ts';
export type {
  AttachAzureInput,
  AttachClusterByIdInput,
  AttachClusterInput,
  CreateClusterInput,
} from './workspace-compute-targets.ts';
export { WorkspaceSimulator } from './workspace-simulator.ts';
export type { StartSimulatorInput } from './workspace-simulator.ts';
// what an entry script is given, and what the verbs return
export type {
  Declaration,
  BackendReport,
  EngineReport,
  EntryContext,
  EntryRequest,
  EntryScript,
  InputOf,
  ModuleReport,
  NamedTensors,
  ProviderReport,
  RawRequest,
  ScriptModel,
  ScriptResponse,
  ScriptResponseInit,
  Tensor,
} from '@edgewright/engine';
export { WorkspaceRollouts } from './workspace-rollouts.ts';
export type { DriveInput, RolloutPlace, ServePageInput, StartInput, WatchInput } from './workspace-rollouts.ts';
export type {
  AuditEntry,
  GateSeries,
  RingCounts,
  RingLook,
  RingStatus,
  RolloutPage,
  RolloutView,
  RolloutWish,
} from '@edgewright/iothub';
export type {
  ConfigurationChange,
  ImagePull,
  DeploymentSettings,
  FleetPlan,
  Hub,
  HubDeployment,
  HubDevice,
  HubTwin,
  ModuleLog,
  ModuleNews,
  TwinChange,
  TwinName,
} from '@edgewright/iothub';
export type {
  Accelerator,
  BuiltDeployment,
  BuiltManifest,
  Finding,
  ManifestExplanation,
  ManifestGraph,
  ModuleSwitches,
  NewSolutionInput,
  Severity,
} from '@edgewright/manifests';
export type { DownloadModelOptions, ModelChanges, ModelCriteria, ModelFilter, ModelPage } from '@edgewright/models';
export type {
  Credentials,
  DeletedImage,
  ExportedImage,
  ImageDetails,
  ImageSummary,
  LayerSummary,
  PlatformSummary,
  PushedImage,
  RegistryOptions,
  SignedImage,
  VerifiedImage,
} from '@edgewright/packager';
export type { DeploymentManifest, InferenceConfig, Model, Platform, ProgressEvent } from '@edgewright/contract';
export type {
  Acknowledgement,
  CloudMessageRequest,
  CreatedDevice,
  DevelopmentInfo,
  DevelopmentOptions,
  DeviceSetup,
  Fault,
  FaultKind,
  FaultRequest,
  Feedback,
  ModuleState,
  OutgoingMessage,
  ReplayRequest,
  ReplayResult,
  SendRequest,
  SendResult,
  SimulatedDevice,
  SimulatedModule,
  Simulator,
  SimulatorClient,
  SimulatorInfo,
  TelemetryFilter,
  TelemetryRecord,
} from '@edgewright/simulator';
export { thisProcess } from './this-process.ts';
export type { ThisProcess } from './this-process.ts';
export { EdgewrightError, isEdgewrightError, platforms } from '@edgewright/contract';

export { BackendChoiceSchema, backends, parseBackendChoice } from './backend-choice.ts';
export type { Backend, BackendChoice } from './backend-choice.ts';
export { BatchClusterSchema } from './batch/batch-cluster.ts';
export type { BatchClusterSettings } from './batch/batch-cluster.ts';
export { BatchConfigSchema, MINI_BATCH_SIZE_PATTERN } from './batch/batch-config.ts';
export type { BatchConfig } from './batch/batch-config.ts';
export { BatchJobSchema, batchPaths, FAILED_ITEMS_FILE } from './batch/batch-job.ts';
export type { BatchJob } from './batch/batch-job.ts';
export { batchDefaults, settleBatchJob } from './batch/batch-settings.ts';
export type { SettledBatchJob } from './batch/batch-settings.ts';
export { batchStates, BatchStatusSchema, isFinalBatchState } from './batch/batch-status.ts';
export type { BatchFailure, BatchResult, BatchState, BatchStatus } from './batch/batch-status.ts';
export { combineBatchStatus } from './batch/combine-batch-status.ts';
export type { BatchProgress } from './batch/combine-batch-status.ts';
export { DEFAULT_MINI_BATCH_BYTES, DEFAULT_MINI_BATCH_FILES, miniBatchBytes } from './batch/mini-batch-size.ts';
export {
  AciDeploymentSchema,
  AksDeploymentSchema,
  DeploymentConfigSchema,
  LocalDeploymentSchema,
  SERVICE_NAME_PATTERN,
} from './deployment-config.ts';
export type { AciDeployment, AksDeployment, DeploymentConfig, LocalDeployment } from './deployment-config.ts';
export {
  CollectedRowSchema,
  CollectedSummarySchema,
  collectedRowOf,
  collectionColumns,
  collectionDesignations,
  collectionFormats,
  samplingReasons,
  tableRowOf,
  valueColumn,
} from './collection/collected-row.ts';
export type {
  CollectedCell,
  CollectedRow,
  CollectedSummary,
  CollectionDesignation,
  CollectionFormat,
  SamplingReason,
  TableRow,
} from './collection/collected-row.ts';
export { COLLECTION_CONTAINER, collectionPath, parseCollectionPath } from './collection/collection-path.ts';
export type { CollectionOwner, CollectionPlace } from './collection/collection-path.ts';
export {
  CollectionSchema,
  DeployedCollectionSchema,
  ReportedCollectionSchema,
} from './collection/collection-settings.ts';
export type {
  CollectionSettings,
  DeployedCollection,
  Redaction,
  ReportedCollection,
} from './collection/collection-settings.ts';
export { datatypes, tensorSpecText } from './datatype.ts';
export type { Datatype } from './datatype.ts';
export { typedArrays } from './typed-arrays.ts';
export { checkRolloutFile } from './check-rollout-file.ts';
export { checkDocument, documentIssues } from './document.ts';
export type { DocumentIssue } from './document.ts';
export {
  homogeneityTest,
  kolmogorovSmirnov,
  kolmogorovSmirnovTail,
  populationStability,
} from './drift/compare-counts.ts';
export { describeCategories, describeNumbers } from './drift/describe-values.ts';
export type { FeatureIdentity } from './drift/describe-values.ts';
export { DriftAlarm } from './drift/drift-alarm.ts';
export type { DriftChange, DriftFinding, DriftMeasure } from './drift/drift-alarm.ts';
export { BASELINE_FILE, baselineLimits, describeBaseline, DriftBaselineSchema } from './drift/drift-baseline.ts';
export type { BaselineDescription, BaselineSummary, DriftBaseline, FeatureBaseline } from './drift/drift-baseline.ts';
export { DriftEventSchema, DriftReportSchema } from './drift/drift-report.ts';
export type { DriftEvent, DriftReport, DriftSide } from './drift/drift-report.ts';
export { completeDriftSettings, DriftSettingsSchema, parseDriftSettings } from './drift/drift-settings.ts';
export type { DriftSettings, DriftSettingsInput } from './drift/drift-settings.ts';
export { DriftWindow } from './drift/drift-window.ts';
export type { FeatureValue } from './drift/feature-bins.ts';
export type { FeatureDrift } from './drift/feature-drift.ts';
export { errorCatalogue } from './errors/catalogue.ts';
export type { ErrorArea, ErrorCode, ErrorCodeOf } from './errors/catalogue.ts';
export { ContractError } from './errors/contract-error.ts';
export { EdgewrightError, entryOf, isEdgewrightError, messageOf } from './errors/edgewright-error.ts';
export type { ErrorDetails, ErrorOptions, SerializedError } from './errors/edgewright-error.ts';
export type { ErrorEntry, Fault } from './errors/entry.ts';
export { discardEvents } from './events.ts';
export type { EventSink, ProgressEvent } from './events.ts';
export { EngineSettingsSchema, executionChoices, parseEngineSettings } from './engine-settings.ts';
export type { EngineSettings } from './engine-settings.ts';
export { executionProviderName } from './execution-provider-name.ts';
export { ExecutionProvidersSchema, parseExecutionProviders } from './execution-provider.ts';
export type { ExecutionProvider } from './execution-provider.ts';
export { PostprocessSchema, PreprocessSchema } from './image-processing.ts';
export type { Postprocess, Preprocess } from './image-processing.ts';
export { InferenceConfigSchema } from './inference-config.ts';
export type { InferenceConfig } from './inference-config.ts';
export {
  DeploymentManifestSchema,
  EdgeAgentDesiredSchema,
  EdgeHubDesiredSchema,
  EdgeModuleSchema,
  MODULE_NAME_PATTERN,
  RouteEntrySchema,
} from './manifest.ts';
export type { DeploymentManifest, EdgeAgentDesired, EdgeHubDesired, EdgeModule } from './manifest.ts';
export { MAX_MESSAGE_BYTES, ScoringErrorSchema, scorerEndpoints, scorerProperties } from './messages.ts';
export type { ScoringError } from './messages.ts';
export {
  MODEL_NAME_PATTERN,
  modelFrameworks,
  ModelSchema,
  parseModelReference,
  ResourceConfigurationSchema,
} from './model.ts';
export type { Model, ModelDataset, ModelFile, ModelReference } from './model.ts';
export { modelFormatOf, modelFormats } from './model-format.ts';
export type { ModelFormat } from './model-format.ts';
export { NpmLockSchema, NpmManifestSchema } from './npm-documents.ts';
export type { NpmLock, NpmManifest } from './npm-documents.ts';
export {
  DockerArchiveSchema,
  imageAnnotations,
  ociMediaTypes,
  OciDescriptorSchema,
  OciImageConfigSchema,
  OciIndexSchema,
  OciManifestSchema,
} from './oci-image.ts';
export type { DockerArchive, OciDescriptor, OciImageConfig, OciIndex, OciManifest } from './oci-image.ts';
export { ociPlatforms, platformOf, platforms, PlatformSchema } from './platform.ts';
export type { OciPlatform, Platform } from './platform.ts';
export { parseChallenge } from './registry-challenge.ts';
export type { RegistryChallenge } from './registry-challenge.ts';
export { parseRemoteModel, RemoteModelSchema, remoteProtocols } from './remote-model.ts';
export type { RemoteModel, RemoteTensor } from './remote-model.ts';
export { RolloutFileSchema, RolloutGateSchema, RolloutRingSchema, RolloutWindowSchema } from './rollout-file.ts';
export type { RolloutFile, RolloutGate, RolloutRing, RolloutWindow } from './rollout-file.ts';
export { compileRoute } from './routes/compile-route.ts';
export type { CompiledRoute, RouteSink, RouteTruth } from './routes/compile-route.ts';
export type { RouteErrorDetails, RouteFaultCode } from './routes/route-fault.ts';
export type { ConditionReads } from './routes/parse-condition.ts';
export { messageSource } from './routes/route-message.ts';
export type { RouteMessage } from './routes/route-message.ts';
export {
  acknowledgementPolicies,
  journalDurabilities,
  ScorerDesiredSchema,
  scorerLogLevels,
  ScorerReportedSchema,
} from './scorer-twin.ts';
export type { AcknowledgementPolicy, JournalDurability, ScorerDesired, ScorerReported } from './scorer-twin.ts';
export type { Batching } from './scoring-settings.ts';
export { imagePaths, ScoringConfigSchema } from './scoring-config.ts';
export type { ScoringConfig } from './scoring-config.ts';
export { lineAndColumn, parseJson } from './parse-json.ts';
export { ModelSignatureSchema, TensorSpecSchema } from './tensor.ts';
export type { ModelSignature, TensorSpec } from './tensor.ts';
export { recordingLine, telemetryJson } from './telemetry-json.ts';
export type { TelemetryJson } from './telemetry-json.ts';
export { ModelProfileSchema, profileOutcomes } from './model-profile.ts';
export type { ModelProfile, ProfileOutcome, ProfilePoint } from './model-profile.ts';
export { WorkspaceConfigSchema } from './workspace-config.ts';
export type { WorkspaceConfig } from './workspace-config.ts';
export { ReportedTuningSchema, TuningRequestSchema, tuningObjectives } from './tuning.ts';
export type { ReportedTuning, TuningFound, TuningRequest } from './tuning.ts';
export { isTwinName, twinLimits, twinSizeBytes } from './twin-limits.ts';

export { lookAtModel } from './look-at-model.ts';
export type { ModelLook } from './look-at-model.ts';
export type { MlflowRun, MlflowStore, RunSelection } from './mlflow/mlflow-store.ts';
export { openMlflowStore } from './mlflow/open-mlflow-store.ts';
export type {
  DeleteModelOptions,
  DownloadModelOptions,
  ExactModelReference,
  ModelChanges,
  ModelFilter,
  ModelPage,
  ModelRegistry,
  RegisterModelInput,
} from './model-registry.ts';
export { ModelsError } from './models-error.ts';
export { operatorWarnings } from './onnx/operator-warnings.ts';
export type { OperatorWarning } from './onnx/operator-warnings.ts';
export { readOnnxFile, readOnnxModel } from './onnx/read-onnx-model.ts';
export type { OnnxModel } from './onnx/read-onnx-model.ts';
export type { UnusualValue } from './onnx/value-spec.ts';
export { openModelRegistry } from './open-model-registry.ts';
export type { OpenModelRegistryOptions } from './open-model-registry.ts';
export { findModel } from './find-model.ts';
export type { ModelCriteria } from './find-model.ts';
export { parseRegistryPlace } from './registry-place.ts';
export type { RegistryPlace } from './registry-place.ts';
export { openAzureRegistry } from './remote/open-azure-registry.ts';
export type { AzureBlobAccess, AzureCredential } from './remote/azure-container.ts';
export type { OpenAzureRegistryOptions } from './remote/open-azure-registry.ts';
export { openOciRegistry } from './remote/open-oci-registry.ts';
export type { OpenOciRegistryOptions } from './remote/open-oci-registry.ts';
export type { OciBlob, OciManifestBytes, OciRepository } from './remote/oci-repository.ts';

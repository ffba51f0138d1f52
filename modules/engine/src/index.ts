export { decodeOipRequest, readOipRequest } from './codecs/oip-request.ts';
export type { OipRequest, WantedOutput } from './codecs/oip-request.ts';
export { decodeJsonRequest, encodeJsonAnswer } from './codecs/json-request.ts';
export { encodeOipResponse } from './codecs/oip-response.ts';
export { decodeRawTensor } from './codecs/raw-tensor.ts';
export { bytesFromTensor } from './codecs/tensor-bytes.ts';
export { elementReader, elementWriter } from './codecs/json-elements.ts';
export { toJsonValue } from './codecs/json-value.ts';
export { createEngine } from './create-engine.ts';
export { declaredSettings } from './declared-settings.ts';
export type { DeclaredSettings } from './declared-settings.ts';
export { diagnoseEngine } from './diagnosis/diagnose-engine.ts';
export type { BackendReport, EngineReport, ModuleReport } from './diagnosis/diagnose-engine.ts';
export type { ProviderReport } from './diagnosis/try-providers.ts';
export { EngineError } from './engine-error.ts';
export { defaultLimits } from './engine-options.ts';
export type { EngineLimits, EngineModel, EngineOptions, ImageSettings, SwapOptions } from './engine-options.ts';
export type {
  BackendName,
  Engine,
  EngineDescription,
  EngineStats,
  ExecutionDescription,
  InferRequest,
  InferResult,
  LoadedModel,
  ScoreRequest,
  ScoreResult,
  Timings,
} from './engine.ts';
export type { EngineLogger, LogFunction } from './engine-logger.ts';
export type { ExecutionMode } from './execution/execution-mode.ts';
export { canBatch } from './execution/micro-batching.ts';
export type { BatchingOptions } from './execution/micro-batching.ts';
export type { ItemOutcome, MiniBatchAnswer, MiniBatchFacts, ScriptSurroundings } from './entry/mini-batch.ts';
export type { EntryContext, EntryRequest, EntryScript, ScriptModel } from './entry/entry-script.ts';
export type { RawRequest } from './entry/raw-request.ts';
export type { ScriptResponse, ScriptResponseBody, ScriptResponseInit } from './entry/script-response.ts';
export type {
  Declaration,
  InputOf,
  NdarrayDeclaration,
  ObjectDeclaration,
  RecordsDeclaration,
  StandardDeclaration,
  TableForm,
} from './schema/declaration.ts';
export { arraySchema, elementSchema, needsOpenApi3 } from './schema/json-schema.ts';
export type { JsonSchema } from './schema/json-schema.ts';
export type { AnswerHead, ByteStream, HttpCall, ScriptAnswer } from './scoring/job.ts';
export type { ScriptDescription } from './entry/script-description.ts';
export { classify } from './images/classify.ts';
export type { ClassPlan, ScoredClass } from './images/classify.ts';
export { bfloatToNumber, halfToNumber } from './half.ts';
export { observeEngine } from './observe-engine.ts';
export type { EngineObserver, ObservedInput, ObservedOutput, ScoringObservation } from './observe-engine.ts';
export { confidenceOf } from './scoring/confidence-of.ts';
export type { NamedTensors, Tensor, TensorData } from './tensor.ts';
export { endWithHost } from './worker/end-with-host.ts';

export { createEngine } from './create-engine.ts';
export { declaredSettings } from './declared-settings.ts';
export type { DeclaredSettings } from './declared-settings.ts';
export { EngineError } from './engine-error.ts';
export { defaultLimits } from './engine-options.ts';
export type { EngineLimits, EngineModel, EngineOptions, ImageSettings, SwapOptions } from './engine-options.ts';
export type {
  BackendName,
  Engine,
  EngineDescription,
  EngineLogger,
  EngineStats,
  ExecutionDescription,
  ExecutionMode,
  InferRequest,
  InferResult,
  LoadedModel,
  LogFunction,
  ScoreRequest,
  ScoreResult,
  Timings,
} from './engine.ts';
export type { BatchingOptions } from './execution/micro-batching.ts';
export type { EntryContext, EntryRequest, EntryScript, ScriptModel } from './entry/entry-script.ts';
export type { ClassPlan, ScoredClass } from './images/classify.ts';
export type { NamedTensors, Tensor, TensorData } from './tensor.ts';

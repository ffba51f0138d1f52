export { ClientError } from './client-error.ts';
export { ScoringClient } from './scoring-client.ts';
export type { CallOptions, InferAnswer, InferOptions, ScoringClientOptions, TokenSource } from './scoring-client.ts';
export type { NamedTensors, Tensor, TensorData } from './tensor.ts';

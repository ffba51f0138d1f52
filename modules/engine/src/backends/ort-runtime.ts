import type { InferenceSession, TypedTensor, Tensor as OrtTensor } from 'onnxruntime-node';

/** What the engine uses of onnxruntime-node and onnxruntime-web: their common part. */
export interface OrtRuntime {
  readonly InferenceSession: {
    create(path: string, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
    create(bytes: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: typeof OrtTensor;
}

export type { InferenceSession, OrtTensor, TypedTensor };

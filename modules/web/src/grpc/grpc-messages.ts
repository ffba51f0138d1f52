// The messages of the Open Inference Protocol as proto-loader gives and takes them: 64-bit integers as text.

/** An option of the protocol, of which `parameter_choice` names the field that is set. */
export interface InferParameter {
  readonly parameter_choice?: keyof Omit<InferParameter, 'parameter_choice'>;
  readonly bool_param?: boolean;
  readonly int64_param?: string;
  readonly string_param?: string;
  readonly double_param?: number;
  readonly uint64_param?: string;
}

export type InferParameters = Readonly<Record<string, InferParameter>>;

/** The elements of a tensor, in the one field that fits its datatype. */
export interface InferTensorContents {
  readonly bool_contents: readonly boolean[];
  readonly int_contents: readonly number[];
  readonly int64_contents: readonly string[];
  readonly uint_contents: readonly number[];
  readonly uint64_contents: readonly string[];
  readonly fp32_contents: readonly number[];
  readonly fp64_contents: readonly number[];
  readonly bytes_contents: readonly Buffer[];
}

export interface InferTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly string[];
  readonly parameters: InferParameters;
  readonly contents: InferTensorContents | null;
}

export interface ModelInferRequest {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly parameters: InferParameters;
  readonly inputs: readonly InferTensor[];
  readonly outputs: readonly { readonly name: string; readonly parameters: InferParameters }[];
  readonly raw_input_contents: readonly Buffer[];
}

export interface ModelInferResponse {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly outputs: readonly Pick<InferTensor, 'name' | 'datatype'>[];
  readonly raw_output_contents: readonly Uint8Array[];
}

/** `RepositoryModelLoadRequest` and `RepositoryModelUnloadRequest`. */
export interface RepositoryModelRequest {
  readonly model_name: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

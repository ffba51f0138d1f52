/**
 * What the engine uses of TensorFlow.js. The packages' own declarations need a browser's types and do not pass the
 * compiler's checks; these are the parts in use, as version 4.22 has them.
 */
export interface TfTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Copies the elements out. */
  data(): Promise<TfElements>;
  dispose(): void;
}

/** TensorFlow.js has five element types: float32, int32, bool (`Uint8Array`), string, complex64 (not carried). */
export type TfElements = Float32Array | Int32Array | Uint8Array | string[];

export type NamedTfTensors = Record<string, TfTensor>;

export interface TfCore {
  readonly version_core: string;
  enableProdMode(): void;
  setBackend(name: string): Promise<boolean>;
  tensor(values: TfElements, shape: readonly number[], dtype: string): TfTensor;
  /** Disposes of all tensors that the work made, but not of those that it returns. */
  tidy<Result>(work: () => Result): Result;
  memory(): { readonly numTensors: number; readonly numBytes: number };
}

/** Where a model is loaded from: what would otherwise fetch addresses. */
export interface TfHandler {
  load(): Promise<Readonly<Record<string, unknown>>>;
}

export interface TfGraphModel {
  readonly inputNodes: readonly string[];
  readonly outputNodes: readonly string[];
  readonly inputs: readonly { readonly name: string; readonly shape?: readonly number[]; readonly dtype: string }[];
  execute(inputs: NamedTfTensors, outputs: readonly string[]): TfTensor | TfTensor[];
  executeAsync(inputs: NamedTfTensors, outputs: readonly string[]): Promise<TfTensor | TfTensor[]>;
  dispose(): void;
}

/** A symbolic tensor of a layers model; null is a free dimension. */
export interface TfSymbol {
  readonly shape: readonly (number | null)[];
  readonly dtype: string;
}

export interface TfLayersModel {
  getClassName(): string;
  build(): void;
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly inputs: readonly TfSymbol[];
  readonly outputs: readonly TfSymbol[];
  apply(inputs: readonly TfTensor[], options: { readonly training: boolean }): TfTensor | TfTensor[];
  dispose(): void;
}

/** Where models run: the tensors' functions, and the turn to use them. */
export interface TfStage {
  readonly core: Pick<TfCore, 'tensor'>;
  /** Runs work with some kernels. They are a setting of the whole thread, so works wait for one another. */
  exclusively<Result>(kernels: Kernels, work: () => Promise<Result>): Promise<Result>;
}

export interface TfjsRuntime extends TfStage {
  readonly core: TfCore;
  loadGraphModel(handler: TfHandler): Promise<TfGraphModel>;
  loadLayersModel(handler: TfHandler): Promise<TfLayersModel>;
}

/**
 * What computes: `wasm`, which is fast; `cpu`, in plain JavaScript, with operators that wasm lacks; `tensorflow`, the C
 * library of tfjs-node.
 */
export type Kernels = 'wasm' | 'cpu' | 'tensorflow';

import type { ModelSignature } from '@edgewright/contract';

/** What an ONNX file says of itself. */
export interface OnnxModel {
  readonly irVersion: number;
  readonly producerName?: string;
  /** Operator set versions by domain; the default domain is `ai.onnx`. */
  readonly opsets: Readonly<Record<string, number>>;
  /** The operators used, sorted, as `Gemm` or `com.microsoft.FusedMatMul`. */
  readonly operators: readonly string[];
  readonly signature: ModelSignature;
  /** Files beside this one that hold weights ("external data"), sorted. */
  readonly externalFiles: readonly string[];
}

/**
 * Reads what is needed of an ONNX file; weights are skipped.
 *
 * @throws ModelsError `ModelFileInvalid` with what was found in its place
 */
export function readOnnxModel(bytes: Uint8Array): OnnxModel {
  throw new TypeError(`not there yet: ${bytes.length}`);
}

/**
 * The same from a file, which is not read into memory.
 *
 * @throws ModelsError `ModelFileInvalid`
 */
export async function readOnnxFile(path: string): Promise<OnnxModel> {
  await Promise.resolve();
  throw new TypeError(`not there yet: ${path}`);
}

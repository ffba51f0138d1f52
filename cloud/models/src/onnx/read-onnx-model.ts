import type { ModelSignature, TensorSpec } from '@edgewright/contract';
import { describeContent } from '../describe-content.ts';
import { ModelsError } from '../models-error.ts';
import { bytesSource, openFileSource } from './byte-source.ts';
import type { ByteSource } from './byte-source.ts';
import { decodeOperatorSetId } from './onnx-messages.ts';
import type { ValueInfoMessage } from './onnx-messages.ts';
import { decodeSmall, GraphReader, readText, requireMessage } from './read-graph.ts';
import type { GraphContent } from './read-graph.ts';
import { valueSpec } from './value-spec.ts';
import type { UnusualValue } from './value-spec.ts';
import { WireFault, wireFields } from './wire-fields.ts';
import type { WireField } from './wire-fields.ts';

/** What an ONNX file says of itself. */
export interface OnnxModel {
  readonly irVersion: number;
  readonly producerName?: string;
  /** Operator set versions by domain; the default domain is `ai.onnx`. */
  readonly opsets: Readonly<Record<string, number>>;
  /** The operators used, sorted, as `Gemm` or `com.microsoft.FusedMatMul`; also those inside loops and branches. */
  readonly operators: readonly string[];
  /** Inputs and outputs that are tensors. An initializer that is listed as an input is none. */
  readonly signature: ModelSignature;
  /** Inputs and outputs that are no tensors, or tensors of unknown rank, or of a type that scoring requests cannot carry. */
  readonly unusual: { readonly inputs: readonly UnusualValue[]; readonly outputs: readonly UnusualValue[] };
  /** Files beside this one that hold weights ("external data"), sorted. */
  readonly externalFiles: readonly string[];
}

/** Field numbers of `ModelProto`. */
const MODEL = { irVersion: 1, producerName: 2, graph: 7, opsetImport: 8, functions: 25 } as const;
const HEAD_BYTES = 512;

/**
 * Reads what is needed of an ONNX file; weights are skipped.
 *
 * @param source what the bytes are, for messages
 * @throws ModelsError `ModelFileInvalid` with what was found in its place
 */
export function readOnnxModel(bytes: Uint8Array, source = 'the model'): OnnxModel {
  return readFrom(bytesSource(bytes), source);
}

/**
 * The same from a file, which is not read into memory.
 *
 * @param source the name for messages; default the path
 * @throws ModelsError `ModelFileInvalid`
 */
export function readOnnxFile(path: string, source = path): OnnxModel {
  using file = openFileSource(path);
  return readFrom(file, source);
}

function readFrom(file: ByteSource, source: string): OnnxModel {
  try {
    return readModel(file);
  } catch (fault) {
    if (!(fault instanceof WireFault)) throw fault;
    const found = describeContent(Uint8Array.from(file.read(0, HEAD_BYTES)), file.sizeBytes);
    const looksLikeOnnx = fault.isTruncated && file.read(0, 1)[0] === MODEL.irVersion << 3;
    throw new ModelsError(
      'ModelFileInvalid',
      looksLikeOnnx
        ? `cannot read ${source} as an ONNX model: it breaks off (${fault.message}); the file is ${file.sizeBytes} bytes long and seems to be the beginning of a longer one`
        : `cannot read ${source} as an ONNX model: it is ${found} (${fault.message})`,
      {
        details: { source, sizeBytes: file.sizeBytes, found, reason: fault.message, isTruncated: looksLikeOnnx },
        cause: fault,
      },
    );
  }
}

function readModel(file: ByteSource): OnnxModel {
  if (file.sizeBytes === 0) throw new WireFault('no bytes', 0, false);
  const whole = { start: 0, end: file.sizeBytes };
  const functions: WireField[] = [];
  const opsets: Record<string, number> = {};
  let irVersion: number | undefined;
  let producerName = '';
  const graph = new GraphReader(file);
  let hasGraph = false;
  for (const field of wireFields(file, whole)) {
    if (field.number === MODEL.irVersion && field.wireType === 0) irVersion = field.value;
    else if (field.number === MODEL.producerName) producerName = readText(file, field);
    else if (field.number === MODEL.graph) {
      graph.readGraph(requireMessage(field));
      hasGraph = true;
    } else if (field.number === MODEL.functions) functions.push(requireMessage(field));
    else if (field.number === MODEL.opsetImport) {
      const opset = decodeSmall(file, field, decodeOperatorSetId);
      opsets[opset.domain === undefined || opset.domain === '' ? 'ai.onnx' : opset.domain] = opset.version ?? 0;
    }
  }
  if (!hasGraph || irVersion === undefined) {
    throw new WireFault(`a protobuf message without ${hasGraph ? 'an IR version' : 'a graph'}`, 0, true);
  }
  // from IR version 3 on they must be there, and most writers put them after the graph: without them the end is missing
  if (irVersion >= 3 && Object.keys(opsets).length === 0) {
    throw new WireFault('it names no operator set', file.sizeBytes, true);
  }
  // all of them first: a function may call another one, which is then no operator of the runtime either
  const defined = functions.map((range) => graph.readFunction(range));
  for (const name of defined) graph.content.operators.delete(name);
  return {
    irVersion,
    ...(producerName === '' ? {} : { producerName }),
    opsets,
    operators: [...graph.content.operators].sort(),
    ...specsOf(graph.content),
    externalFiles: [...graph.content.externalFiles].sort(),
  };
}

function specsOf(content: GraphContent): Pick<OnnxModel, 'signature' | 'unusual'> {
  const inputs = split(content.inputs.filter((info) => !content.initializers.has(info.name ?? '')));
  const outputs = split(content.outputs);
  return {
    signature: { inputs: inputs.tensors, outputs: outputs.tensors },
    unusual: { inputs: inputs.unusual, outputs: outputs.unusual },
  };
}

function split(infos: readonly ValueInfoMessage[]): { tensors: TensorSpec[]; unusual: UnusualValue[] } {
  const tensors: TensorSpec[] = [];
  const unusual: UnusualValue[] = [];
  for (const info of infos) {
    const spec = valueSpec(info);
    if ('tensor' in spec) tensors.push(spec.tensor);
    else unusual.push(spec.unusual);
  }
  return { tensors, unusual };
}

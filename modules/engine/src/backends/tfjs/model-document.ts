import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { parseJson } from '@edgewright/contract';
import { isObject } from '../../is-object.ts';

/** The two forms in which TensorFlow.js writes models: a graph of operations, or Keras' layers. */
export type TfjsForm = 'graph-model' | 'layers-model';

/** One tensor of weights, as the manifest describes it; TensorFlow.js reads more of it than is named here. */
export interface WeightEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization?: { readonly dtype: string };
}

/** A tensor of a graph model's signature, in the JSON form of `tensorflow.TensorInfo`. */
export interface TensorInfo {
  readonly name?: string;
  readonly dtype?: string;
  readonly tensorShape?: {
    readonly dim?: readonly { readonly size?: string | number }[];
    readonly unknownRank?: boolean;
  };
}

/** What stands in `signature` of a graph model: tensors by the names that callers use. */
export interface GraphSignature {
  readonly inputs?: Readonly<Record<string, TensorInfo>>;
  readonly outputs?: Readonly<Record<string, TensorInfo>>;
}

/** What the engine reads of a `model.json`. */
export interface ModelDocument {
  readonly form: TfjsForm;
  readonly topology: object;
  /** Of graph models that were converted from a SavedModel. */
  readonly signature: GraphSignature | undefined;
  readonly weights: readonly WeightEntry[];
  /** Files of weights, in order, relative to the document and below its folder. */
  readonly weightFiles: readonly string[];
  /** Everything that the document says, for the loader. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** A fault of a model's files, in words that complete "cannot load the model …:". */
export class ModelDocumentFault extends TypeError {}

const MAX_DOCUMENT_BYTES = 512 * 1024 * 1024;
const bytesOf: Readonly<Record<string, number>> = {
  float32: 4, int32: 4, bool: 1, uint8: 1, uint16: 2, float16: 2, complex64: 8,
}; // prettier-ignore

/**
 * Reads a `model.json` of TensorFlow.js.
 *
 * @throws ModelDocumentFault; ContractError `InvalidJson`
 */
export async function readModelDocument(file: string): Promise<ModelDocument> {
  const { size } = await stat(file);
  if (size > MAX_DOCUMENT_BYTES) throw new ModelDocumentFault(`it has ${size} bytes; model.json may have ${MAX_DOCUMENT_BYTES}`); // prettier-ignore
  const handle = await open(file);
  try {
    return modelDocument(parseJson(await handle.readFile('utf8'), file));
  } finally {
    await handle.close();
  }
}

/** Takes a parsed `model.json` apart. */
function modelDocument(json: unknown): ModelDocument {
  if (!isObject(json)) throw new ModelDocumentFault('it is not a JSON object, and model.json of TensorFlow.js is one');
  const topology = json['modelTopology'];
  if (!isObject(topology))
    throw new ModelDocumentFault('it has no "modelTopology"; model.json of TensorFlow.js has one');
  const form = formOf(json['format'], topology);
  const groups = weightGroups(json['weightsManifest']);
  return {
    form,
    topology,
    signature: form === 'graph-model' ? signatureOf(json) : undefined,
    weights: groups.flatMap((group) => group.weights),
    weightFiles: groups.flatMap((group) => group.paths.map(insideFolder)),
    json,
  };
}

/** Older converters did not write `format`: then the topology tells, a graph having nodes and Keras a class name. */
function formOf(format: unknown, topology: Readonly<Record<string, unknown>>): TfjsForm {
  if (format === 'graph-model' || format === 'layers-model') return format;
  if (format !== undefined && format !== null) {
    throw new ModelDocumentFault(`its "format" is ${JSON.stringify(format)}; known are graph-model and layers-model`);
  }
  if (Array.isArray(topology['node'])) return 'graph-model';
  if ('class_name' in topology || 'model_config' in topology) return 'layers-model';
  throw new ModelDocumentFault('it does not say whether it is a graph model or a layers model ("format")');
}

/** Newer converters keep the signature beside the topology, older ones in the user's metadata. */
function signatureOf(json: Readonly<Record<string, unknown>>): GraphSignature | undefined {
  if (isObject(json['signature'])) return json['signature'];
  const metadata = json['userDefinedMetadata'];
  return isObject(metadata) && isObject(metadata['signature']) ? metadata['signature'] : undefined;
}

interface WeightGroup {
  readonly paths: readonly string[];
  readonly weights: readonly WeightEntry[];
}

function weightGroups(manifest: unknown): readonly WeightGroup[] {
  if (manifest === undefined || manifest === null) return [];
  const isGroup = (group: unknown): group is WeightGroup =>
    isObject(group) &&
    Array.isArray(group['paths']) &&
    group['paths'].every((file) => typeof file === 'string') &&
    Array.isArray(group['weights']) &&
    group['weights'].every(isWeight);
  if (!Array.isArray(manifest) || !manifest.every(isGroup)) {
    throw new ModelDocumentFault('its "weightsManifest" is not a list of {paths, weights: [{name, shape, dtype}]}');
  }
  return manifest;
}

function isWeight(weight: unknown): weight is WeightEntry {
  if (!isObject(weight)) return false;
  const { name, shape, dtype } = weight;
  const isExtent = (extent: unknown): boolean => Number.isSafeInteger(extent) && Number(extent) >= 0;
  return typeof name === 'string' && typeof dtype === 'string' && Array.isArray(shape) && shape.every(isExtent);
}

/** A model names files beside itself and nothing else: neither addresses nor ways out of its folder. */
function insideFolder(file: string): string {
  const normal = path.posix.normalize(file);
  const leaves = path.isAbsolute(file) || path.win32.isAbsolute(file) || normal.split(/[\\/]/)[0] === '..';
  if (leaves || file === '' || /^[a-z][a-z0-9+.-]*:/i.test(file)) {
    throw new ModelDocumentFault(`its weights are in ${JSON.stringify(file)}, which is not below its own folder`);
  }
  return normal;
}

/**
 * How many bytes the files of weights must have together; undefined where that depends on their contents (texts).
 */
export function weightBytes(weights: readonly WeightEntry[]): number | undefined {
  let total = 0;
  for (const { shape, dtype, quantization } of weights) {
    const each = bytesOf[quantization?.dtype ?? dtype];
    if (each === undefined) return undefined;
    total += shape.reduce((count, extent) => count * extent, each);
  }
  return total;
}

import type { ByteSource } from './byte-source.ts';
import { decodeStringStringEntry, decodeValueInfo } from './onnx-messages.ts';
import type { ValueInfoMessage } from './onnx-messages.ts';
import { WireFault, wireFields } from './wire-fields.ts';
import type { ByteRange, WireField } from './wire-fields.ts';

/** Field numbers of onnx.proto. */
const GRAPH = { node: 1, initializer: 5, input: 11, output: 12, sparseInitializer: 15 } as const;
const NODE = { opType: 4, attribute: 5, domain: 7 } as const;
const ATTRIBUTE = { tensor: 5, graph: 6, tensors: 10, graphs: 11 } as const;
const TENSOR = { name: 8, externalData: 13 } as const;
const SPARSE_TENSOR = { values: 1 } as const;
const FUNCTION = { name: 1, node: 7, domain: 10 } as const;

/** Loops in loops in branches: deeper than any real model, shallow enough for the stack. */
const MAX_GRAPH_DEPTH = 64;
/** A name, a type or an external-data entry that is larger is no such thing. */
const MAX_SMALL_BYTES = 1_048_576;

/** What is collected over a graph and the graphs inside its nodes. */
export interface GraphContent {
  readonly inputs: ValueInfoMessage[];
  readonly outputs: ValueInfoMessage[];
  readonly initializers: Set<string>;
  readonly operators: Set<string>;
  readonly externalFiles: Set<string>;
}

/** Reads the main graph of a model and the functions that it defines, and collects what they hold. */
export class GraphReader {
  readonly content: GraphContent = {
    inputs: [],
    outputs: [],
    initializers: new Set(),
    operators: new Set(),
    externalFiles: new Set(),
  };
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** The main graph. @throws WireFault */
  readGraph(range: ByteRange): void {
    for (const field of wireFields(this.#source, range)) {
      if (field.number === GRAPH.input) this.content.inputs.push(decodeSmall(this.#source, field, decodeValueInfo));
      else if (field.number === GRAPH.output) {
        this.content.outputs.push(decodeSmall(this.#source, field, decodeValueInfo));
      } else this.#readGraphField(field, 0);
    }
  }

  /** Operators inside a function of the model. @returns the operator that the function itself defines @throws WireFault */
  readFunction(range: ByteRange): string {
    let name = '';
    let domain = '';
    for (const field of wireFields(this.#source, range)) {
      if (field.number === FUNCTION.name) name = readText(this.#source, field);
      else if (field.number === FUNCTION.domain) domain = readText(this.#source, field);
      else if (field.number === FUNCTION.node) this.#readNode(field, 0);
    }
    return operatorName(domain, name);
  }

  /** @param depth how many graphs stand around this one; 0 is the main graph */
  #readGraphField(field: WireField, depth: number): void {
    if (field.number === GRAPH.node) this.#readNode(field, depth);
    else if (field.number === GRAPH.initializer) this.#readTensor(field, depth === 0);
    else if (field.number === GRAPH.sparseInitializer) {
      for (const part of wireFields(this.#source, requireMessage(field))) {
        if (part.number === SPARSE_TENSOR.values) this.#readTensor(part, depth === 0);
      }
    }
  }

  #readNode(range: WireField, depth: number): void {
    if (depth > MAX_GRAPH_DEPTH) {
      throw new WireFault(`graphs nested more than ${MAX_GRAPH_DEPTH} deep`, range.start, false);
    }
    let type = '';
    let domain = '';
    for (const field of wireFields(this.#source, requireMessage(range))) {
      if (field.number === NODE.opType) type = readText(this.#source, field);
      else if (field.number === NODE.domain) domain = readText(this.#source, field);
      else if (field.number === NODE.attribute) this.#readAttribute(field, depth);
    }
    this.content.operators.add(operatorName(domain, type));
  }

  #readAttribute(range: WireField, depth: number): void {
    for (const field of wireFields(this.#source, requireMessage(range))) {
      if (field.number === ATTRIBUTE.graph || field.number === ATTRIBUTE.graphs) {
        for (const part of wireFields(this.#source, requireMessage(field))) this.#readGraphField(part, depth + 1);
      } else if (field.number === ATTRIBUTE.tensor || field.number === ATTRIBUTE.tensors) {
        this.#readTensor(field, false);
      }
    }
  }

  /** A tensor's name and where its values are; the values themselves are skipped. */
  #readTensor(range: WireField, isInitializer: boolean): void {
    for (const field of wireFields(this.#source, requireMessage(range))) {
      if (field.number === TENSOR.name && isInitializer) this.content.initializers.add(readText(this.#source, field));
      if (field.number === TENSOR.externalData) {
        const entry = decodeSmall(this.#source, field, decodeStringStringEntry);
        if (entry.key === 'location' && entry.value !== undefined) this.content.externalFiles.add(entry.value);
      }
    }
  }
}

function operatorName(domain: string, type: string): string {
  return domain === '' || domain === 'ai.onnx' ? type : `${domain}.${type}`;
}

/** Decodes one of ONNX's small messages. @throws WireFault */
export function decodeSmall<Message>(
  source: ByteSource,
  field: WireField,
  decode: (bytes: Uint8Array) => Message,
): Message {
  const bytes = smallBytes(source, field);
  try {
    return decode(bytes);
  } catch (cause) {
    throw new WireFault(`field ${field.number} at byte ${field.start}: ${String(cause)}`, field.start, false);
  }
}

/** A string. @throws WireFault when the field is none, or is not UTF-8 */
export function readText(source: ByteSource, field: WireField): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(smallBytes(source, field));
  } catch (cause) {
    if (cause instanceof WireFault) throw cause;
    throw new WireFault(`field ${field.number} at byte ${field.start} is not text`, field.start, false);
  }
}

function smallBytes(source: ByteSource, field: WireField): Uint8Array {
  const { start, end } = requireMessage(field);
  if (end - start > MAX_SMALL_BYTES) {
    throw new WireFault(`field ${field.number} at byte ${start} has ${end - start} bytes`, start, false);
  }
  return source.read(start, end - start);
}

/** @throws WireFault when a field is not one with a length */
export function requireMessage(field: WireField): WireField {
  if (field.wireType === 2) return field;
  throw new WireFault(
    `field ${field.number} at byte ${field.start} has wire type ${field.wireType}`,
    field.start,
    false,
  );
}

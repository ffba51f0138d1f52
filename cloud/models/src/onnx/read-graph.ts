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

/** The main graph of a model. @throws WireFault */
export function readGraph(source: ByteSource, range: ByteRange): GraphContent {
  const content: GraphContent = {
    inputs: [],
    outputs: [],
    initializers: new Set(),
    operators: new Set(),
    externalFiles: new Set(),
  };
  for (const field of wireFields(source, range)) {
    if (field.number === GRAPH.input) content.inputs.push(decodeSmall(source, field, decodeValueInfo));
    else if (field.number === GRAPH.output) content.outputs.push(decodeSmall(source, field, decodeValueInfo));
    else readGraphField(source, field, content, 0);
  }
  return content;
}

/** Operators inside a function of the model, and the operator that the function itself defines. @throws WireFault */
export function readFunction(source: ByteSource, range: ByteRange, content: GraphContent): string {
  let name = '';
  let domain = '';
  for (const field of wireFields(source, range)) {
    if (field.number === FUNCTION.name) name = readText(source, field);
    else if (field.number === FUNCTION.domain) domain = readText(source, field);
    else if (field.number === FUNCTION.node) readNode(source, field, content, 0);
  }
  return operatorName(domain, name);
}

function readGraphField(source: ByteSource, field: WireField, content: GraphContent, depth: number): void {
  if (field.number === GRAPH.node) readNode(source, field, content, depth);
  else if (field.number === GRAPH.initializer) readTensor(source, field, content, depth === 0);
  else if (field.number === GRAPH.sparseInitializer) {
    for (const part of wireFields(source, requireMessage(field))) {
      if (part.number === SPARSE_TENSOR.values) readTensor(source, part, content, depth === 0);
    }
  }
}

function readNode(source: ByteSource, range: WireField, content: GraphContent, depth: number): void {
  if (depth > MAX_GRAPH_DEPTH)
    throw new WireFault(`graphs nested more than ${MAX_GRAPH_DEPTH} deep`, range.start, false);
  let type = '';
  let domain = '';
  for (const field of wireFields(source, requireMessage(range))) {
    if (field.number === NODE.opType) type = readText(source, field);
    else if (field.number === NODE.domain) domain = readText(source, field);
    else if (field.number === NODE.attribute) readAttribute(source, field, content, depth);
  }
  content.operators.add(operatorName(domain, type));
}

function readAttribute(source: ByteSource, range: WireField, content: GraphContent, depth: number): void {
  for (const field of wireFields(source, requireMessage(range))) {
    if (field.number === ATTRIBUTE.graph || field.number === ATTRIBUTE.graphs) {
      for (const part of wireFields(source, requireMessage(field))) readGraphField(source, part, content, depth + 1);
    } else if (field.number === ATTRIBUTE.tensor || field.number === ATTRIBUTE.tensors) {
      readTensor(source, field, content, false);
    }
  }
}

/** A tensor's name and where its values are; the values themselves are skipped. */
function readTensor(source: ByteSource, range: WireField, content: GraphContent, isInitializer: boolean): void {
  for (const field of wireFields(source, requireMessage(range))) {
    if (field.number === TENSOR.name && isInitializer) content.initializers.add(readText(source, field));
    if (field.number === TENSOR.externalData) {
      const entry = decodeSmall(source, field, decodeStringStringEntry);
      if (entry.key === 'location' && entry.value !== undefined) content.externalFiles.add(entry.value);
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

import type { TensorSpec } from '@edgewright/contract';
import { elementTypes } from './element-types.ts';
import type { DimensionMessage, TensorTypeMessage, TypeMessage, ValueInfoMessage } from './onnx-messages.ts';

/** An input or output that is no tensor which the Open Inference Protocol can carry. */
export interface UnusualValue {
  readonly name: string;
  /** ONNX's own way to write the type, such as `seq(map(int64,tensor(float)))`. */
  readonly type: string;
}

/** An input or output as a tensor, or in ONNX's words where it is something else, or a tensor of unknown rank. */
export function valueSpec(info: ValueInfoMessage): { tensor: TensorSpec } | { unusual: UnusualValue } {
  const name = info.name ?? '';
  const tensor = info.type?.tensorType;
  const datatype = elementTypes.get(tensor?.elemType ?? 0)?.datatype;
  if (tensor?.shape === undefined || datatype === undefined) {
    return { unusual: { name, type: typeText(info.type) } };
  }
  return { tensor: { name, datatype, shape: (tensor.shape.dim ?? []).map(dimension) } };
}

function dimension(dim: DimensionMessage): number {
  return dim.dimValue === undefined || dim.dimValue < 0 ? -1 : dim.dimValue;
}

function typeText(type: TypeMessage | undefined): string {
  if (type?.tensorType !== undefined) return tensorText('tensor', type.tensorType);
  if (type?.sparseTensorType !== undefined) return tensorText('sparse_tensor', type.sparseTensorType);
  if (type?.sequenceType !== undefined) return `seq(${typeText(type.sequenceType.elemType)})`;
  if (type?.optionalType !== undefined) return `optional(${typeText(type.optionalType.elemType)})`;
  if (type?.mapType !== undefined)
    return `map(${elementName(type.mapType.keyType)},${typeText(type.mapType.valueType)})`;
  return type?.opaqueType === undefined ? 'no type' : 'opaque';
}

function tensorText(kind: string, tensor: TensorTypeMessage): string {
  return `${kind}(${elementName(tensor.elemType)})${tensor.shape === undefined ? ' of unknown rank' : ''}`;
}

function elementName(elemType: number | undefined): string {
  return elementTypes.get(elemType ?? 0)?.name ?? `type ${elemType ?? 0}`;
}

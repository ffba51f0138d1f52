import protobuf from 'protobufjs/light.js';

/**
 * The messages of ONNX that describe inputs and outputs, as far as they are needed here
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto). What is not described is skipped while decoding.
 */
const root = protobuf.Root.fromJSON({
  options: { syntax: 'proto3' },
  nested: {
    ValueInfo: {
      fields: { name: { type: 'string', id: 1 }, type: { type: 'Type', id: 2 } },
    },
    Type: {
      oneofs: {
        value: { oneof: ['tensorType', 'sequenceType', 'mapType', 'sparseTensorType', 'optionalType', 'opaqueType'] },
      },
      fields: {
        tensorType: { type: 'TensorType', id: 1 },
        sequenceType: { type: 'Element', id: 4 },
        mapType: { type: 'Map', id: 5 },
        opaqueType: { type: 'Empty', id: 7 },
        sparseTensorType: { type: 'TensorType', id: 8 },
        optionalType: { type: 'Element', id: 9 },
      },
    },
    TensorType: { fields: { elemType: { type: 'int32', id: 1 }, shape: { type: 'Shape', id: 2 } } },
    Element: { fields: { elemType: { type: 'Type', id: 1 } } },
    Map: { fields: { keyType: { type: 'int32', id: 1 }, valueType: { type: 'Type', id: 2 } } },
    Empty: { fields: {} },
    Shape: { fields: { dim: { rule: 'repeated', type: 'Dimension', id: 1 } } },
    Dimension: {
      oneofs: { value: { oneof: ['dimValue', 'dimParam'] } },
      fields: { dimValue: { type: 'int64', id: 1 }, dimParam: { type: 'string', id: 2 } },
    },
    OperatorSetId: { fields: { domain: { type: 'string', id: 1 }, version: { type: 'int64', id: 2 } } },
    StringStringEntry: { fields: { key: { type: 'string', id: 1 }, value: { type: 'string', id: 2 } } },
  },
});

export interface DimensionMessage {
  readonly dimValue?: number;
  readonly dimParam?: string;
}

export interface TensorTypeMessage {
  readonly elemType?: number;
  readonly shape?: { readonly dim?: readonly DimensionMessage[] };
}

export interface TypeMessage {
  readonly tensorType?: TensorTypeMessage;
  readonly sequenceType?: { readonly elemType?: TypeMessage };
  readonly mapType?: { readonly keyType?: number; readonly valueType?: TypeMessage };
  readonly sparseTensorType?: TensorTypeMessage;
  readonly optionalType?: { readonly elemType?: TypeMessage };
  readonly opaqueType?: object;
}

export interface ValueInfoMessage {
  readonly name?: string;
  readonly type?: TypeMessage;
}

/** Name and type of an input or output. */
export function decodeValueInfo(bytes: Uint8Array): ValueInfoMessage {
  return decode('ValueInfo', bytes);
}

/** One imported operator set; the default domain is the empty string. */
export function decodeOperatorSetId(bytes: Uint8Array): { readonly domain?: string; readonly version?: number } {
  return decode('OperatorSetId', bytes);
}

/** A key and a value, as in `TensorProto.external_data`. */
export function decodeStringStringEntry(bytes: Uint8Array): { readonly key?: string; readonly value?: string } {
  return decode('StringStringEntry', bytes);
}

function decode(name: string, bytes: Uint8Array): object {
  const type = root.lookupType(name);
  return type.toObject(type.decode(bytes), { longs: Number });
}

import Type from 'typebox';
import type { Static } from 'typebox';

/** Element types of tensors, in the Open Inference Protocol's names. */
export const datatypes = [
  'BOOL', 'UINT8', 'UINT16', 'UINT32', 'UINT64', 'INT8', 'INT16', 'INT32', 'INT64', 'FP16', 'BF16', 'FP32', 'FP64', 'BYTES',
] as const; // prettier-ignore

export type Datatype = (typeof datatypes)[number];

/** One input or output of a model: its name, its element type and its shape, where -1 is a free dimension. */
export const TensorSpecSchema = Type.Object({
  name: Type.String({ minLength: 1 }),
  datatype: Type.Enum([...datatypes]),
  shape: Type.Array(Type.Integer({ minimum: -1 })),
});

export type TensorSpec = Static<typeof TensorSpecSchema>;

/** What a model takes and gives. */
export const ModelSignatureSchema = Type.Object({
  inputs: Type.Array(TensorSpecSchema),
  outputs: Type.Array(TensorSpecSchema),
});

export type ModelSignature = Static<typeof ModelSignatureSchema>;

/** A tensor as text for people: `FP32[-1,10]`. */
export function tensorSpecText(spec: { readonly datatype: Datatype; readonly shape: readonly number[] }): string {
  return `${spec.datatype}[${spec.shape.join(',')}]`;
}

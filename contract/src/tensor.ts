import Type from 'typebox';
import type { Static } from 'typebox';
import { datatypes } from './datatype.ts';

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

import Type from 'typebox';
import type { Static } from 'typebox';
import { datatypes } from './datatype.ts';

const Channels = (description: string) =>
  Type.Union([Type.Number(), Type.Array(Type.Number(), { minItems: 1, maxItems: 3 })], { description });

const Pixels = (description: string) => Type.Integer({ minimum: 1, maximum: 16_384, description });

/** How an image becomes the input of a model: resized, cropped, its channels ordered, its pixels scaled. */
export const PreprocessSchema = Type.Object(
  {
    input: Type.Optional(Type.String({ minLength: 1, description: "the model's input; default its only one" })),
    width: Type.Optional(Pixels("pixels; default the model's own width, where it is fixed")),
    height: Type.Optional(Pixels("pixels; default the model's own height, where it is fixed")),
    fit: Type.Optional(
      Type.Enum(['fill', 'cover', 'contain'], {
        description:
          'fill (default) stretches; cover keeps the ratio and cuts off what overlaps; contain keeps the ratio and fills up with the background',
      }),
    ),
    background: Type.Optional(
      Type.Array(Type.Integer({ minimum: 0, maximum: 255 }), {
        minItems: 3,
        maxItems: 3,
        description: 'red, green and blue of what contain fills up with, and of what shines through; default black',
      }),
    ),
    crop: Type.Optional(
      Type.Object(
        {
          width: Pixels('pixels, cut from the middle of the resized image'),
          height: Pixels('pixels, cut from the middle of the resized image'),
        },
        { additionalProperties: false },
      ),
    ),
    color: Type.Optional(
      Type.Enum(['RGB', 'BGR', 'GRAY'], {
        description: 'order of the channels; default GRAY for models with one channel, else RGB',
      }),
    ),
    layout: Type.Optional(
      Type.Enum(['NCHW', 'NHWC'], { description: "default what the model's shape says: where its channels are" }),
    ),
    scale: Type.Optional(
      Type.Number({ description: 'what each pixel, 0 to 255, is multiplied by first; default 1/255' }),
    ),
    mean: Type.Optional(Channels('what is then taken off, for all channels or each; default 0')),
    std: Type.Optional(Channels('what is then divided by, for all channels or each; default 1')),
    datatype: Type.Optional(Type.Enum([...datatypes], { description: "the element type; default the model's own" })),
  },
  { additionalProperties: false },
);

export type Preprocess = Static<typeof PreprocessSchema>;

/** How the output of a model becomes an answer: classes with labels and scores. */
export const PostprocessSchema = Type.Object(
  {
    output: Type.Optional(Type.String({ minLength: 1, description: "the model's output; default its only one" })),
    softmax: Type.Optional(Type.Boolean({ description: 'true: scores are made to add up to 1 first; default false' })),
    topK: Type.Optional(Type.Integer({ minimum: 1, description: 'how many classes to give, best first; default all' })),
    threshold: Type.Optional(Type.Number({ description: 'classes with a lower score are left out' })),
    labels: Type.Optional(
      Type.Union([Type.Array(Type.String()), Type.String({ minLength: 1 })], {
        description: 'the names of the classes, in order; or a file in the model’s folder with one name a line',
      }),
    ),
  },
  { additionalProperties: false },
);

export type Postprocess = Static<typeof PostprocessSchema>;

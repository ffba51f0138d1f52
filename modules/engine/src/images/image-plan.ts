import type { Datatype, Preprocess, TensorSpec } from '@edgewright/contract';
import { tensorSpecText } from '@edgewright/contract';
import { EngineError } from '../engine-error.ts';

/** A declaration with everything in it that the model's input leaves open or says. */
export interface ImagePlan {
  /** The name of the model's input. */
  readonly input: string;
  readonly datatype: Datatype;
  /** Pixels to resize to; undefined keeps the image's own size. */
  readonly resize: { readonly width: number; readonly height: number } | undefined;
  readonly crop: { readonly width: number; readonly height: number } | undefined;
  readonly fit: 'fill' | 'cover' | 'contain';
  readonly background: readonly [number, number, number];
  readonly color: 'RGB' | 'BGR' | 'GRAY';
  readonly layout: 'NCHW' | 'NHWC';
  /** Whether the input has a dimension for the batch before the image's three. */
  readonly batch: boolean;
  readonly scale: number;
  /** One for each channel. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Where an input has its channels, rows and columns; -1 for what is free. */
interface Frame {
  readonly layout: 'NCHW' | 'NHWC';
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

const NOT_PIXELS: readonly Datatype[] = ['BYTES', 'BOOL', 'UINT64', 'INT64', 'BF16'];
const FLOATING: readonly Datatype[] = ['FP16', 'FP32', 'FP64'];

/**
 * Fits a declaration to what a model takes.
 *
 * @param model for messages
 * @throws EngineError `ImageSettingsInvalid`
 */
export function planImage(model: string, specs: readonly TensorSpec[], settings: Preprocess): ImagePlan {
  const spec = inputOf(model, specs, settings);
  const refuse = (fault: string) => invalid(model, spec, fault);
  const frame = frameOf(spec, settings, refuse);
  const color = settings.color ?? (frame.channels === 1 ? 'GRAY' : 'RGB');
  const channels = color === 'GRAY' ? 1 : 3;
  if (frame.channels !== -1 && frame.channels !== channels) {
    throw refuse(`it has ${frame.channels} channels, but ${color} has ${channels}`);
  }
  const datatype = settings.datatype ?? spec.datatype;
  if (datatype !== spec.datatype) throw refuse(`"datatype" is ${datatype}`);
  if (NOT_PIXELS.includes(datatype)) throw refuse(`pixels cannot be ${datatype}`);
  const std = perChannel(settings.std ?? 1, channels);
  const mean = perChannel(settings.mean ?? 0, channels);
  if (std === undefined || mean === undefined) {
    throw refuse(`"mean" and "std" need one number or ${channels}, one for each channel`);
  }
  if (std.includes(0)) throw refuse('"std" is 0, by which nothing can be divided');
  const [red = 0, green = 0, blue = 0] = settings.background ?? [];
  return {
    input: spec.name,
    datatype,
    ...sizes(frame, settings, refuse),
    fit: settings.fit ?? 'fill',
    background: [red, green, blue],
    color,
    layout: frame.layout,
    batch: spec.shape.length === 4,
    scale: settings.scale ?? (FLOATING.includes(datatype) ? 1 / 255 : 1),
    mean,
    std,
  };
}

function inputOf(model: string, specs: readonly TensorSpec[], { input }: Preprocess): TensorSpec {
  const spec = input === undefined && specs.length === 1 ? specs[0] : specs.find(({ name }) => name === input);
  if (spec !== undefined) return spec;
  const names = specs.map(({ name }) => name).join(', ');
  const fault = input === undefined ? 'there are several inputs, name one as "input"' : `there is no input "${input}"`;
  throw new EngineError('ImageSettingsInvalid', `cannot feed images to ${model}: ${fault}; there is ${names}`, {
    details: { model, input, known: specs.map(({ name }) => name) },
  });
}

function frameOf({ shape }: TensorSpec, settings: Preprocess, refuse: (fault: string) => EngineError): Frame {
  const [a = -1, b = -1, c = -1] = shape.slice(-3);
  if (shape.length !== 3 && shape.length !== 4) throw refuse('an image takes three dimensions, or four with the batch');
  if (shape.length === 4 && shape[0] !== -1 && shape[0] !== 1)
    throw refuse('its batch is fixed to more than one image');
  const isChannels = (size: number) => size === 1 || size === 3;
  const layout = settings.layout ?? (isChannels(a) ? 'NCHW' : isChannels(c) ? 'NHWC' : undefined);
  if (layout === undefined) throw refuse('its shape does not say where the channels are; give "layout"');
  return layout === 'NCHW'
    ? { layout, channels: a, height: b, width: c }
    : { layout, channels: c, height: a, width: b };
}

function sizes(
  frame: Frame,
  { width, height, crop }: Preprocess,
  refuse: (fault: string) => EngineError,
): Pick<ImagePlan, 'resize' | 'crop'> {
  const own = { width: frame.width === -1 ? undefined : frame.width, height: frame.height === -1 ? undefined : frame.height }; // prettier-ignore
  const wide = width ?? (crop === undefined ? own.width : undefined);
  const high = height ?? (crop === undefined ? own.height : undefined);
  if ((wide === undefined) !== (high === undefined)) throw refuse('"width" and "height" must be given both or neither');
  const resize = wide === undefined || high === undefined ? undefined : { width: wide, height: high };
  if (crop !== undefined && resize !== undefined && (crop.width > resize.width || crop.height > resize.height)) {
    throw refuse(`"crop" of ${crop.width}x${crop.height} is larger than the ${resize.width}x${resize.height} that it is cut from`); // prettier-ignore
  }
  const end = crop ?? resize;
  if (end !== undefined && ((own.width ?? end.width) !== end.width || (own.height ?? end.height) !== end.height)) {
    throw refuse(
      `its images are ${own.width ?? 'any'}x${own.height ?? 'any'}, but ${end.width}x${end.height} come out`,
    );
  }
  return { resize, crop };
}

function perChannel(value: number | readonly number[], channels: number): readonly number[] | undefined {
  if (typeof value === 'number') return Array.from({ length: channels }, () => value);
  return value.length === channels ? value : undefined;
}

function invalid(model: string, spec: TensorSpec, fault: string): EngineError {
  return new EngineError(
    'ImageSettingsInvalid',
    `cannot feed images to the input "${spec.name}" ${tensorSpecText(spec)} of ${model}: ${fault}`,
    { details: { model, input: spec } },
  );
}

import { messageOf } from '@edgewright/contract';
import type { Datatype } from '@edgewright/contract';
import { arrayOf } from '../array-of.ts';
import type { NumericData } from '../array-of.ts';
import { EngineError } from '../engine-error.ts';
import { numberToHalf } from '../half.ts';
import type { Tensor } from '../tensor.ts';
import type { ImagePlan } from './image-plan.ts';
import { loadSharp } from './load-sharp.ts';

/** Pixels, row by row, the channels of each side by side. */
interface Pixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

const FORMATS = ['jpeg', 'png', 'webp'];
const RANGES: Readonly<Partial<Record<Datatype, readonly [number, number]>>> = {
  UINT8: [0, 255],
  UINT16: [0, 65_535],
  UINT32: [0, 4_294_967_295],
  INT8: [-128, 127],
  INT16: [-32_768, 32_767],
  INT32: [-2_147_483_648, 2_147_483_647],
};

/**
 * Reads a JPEG, PNG or WebP file into a tensor: turned as its EXIF data say, resized, cropped, its channels ordered, and
 * each pixel `(pixel · scale - mean) / std`. Integer types are rounded and kept in range.
 *
 * @param maxPixels of the image as it comes; more are refused before they are unpacked
 * @throws EngineError `PictureInvalid`, `ImagesUnavailable`
 */
export async function decodeImage(bytes: Uint8Array, plan: ImagePlan, maxPixels: number): Promise<Tensor> {
  const pixels = await readPixels(bytes, plan, maxPixels);
  const { width, height } = pixels;
  const channels = plan.mean.length;
  const image = plan.layout === 'NCHW' ? [channels, height, width] : [height, width, channels];
  return {
    datatype: plan.datatype,
    shape: plan.batch ? [1, ...image] : image,
    data: toElements(pixels, plan),
  };
}

async function readPixels(bytes: Uint8Array, plan: ImagePlan, maxPixels: number): Promise<Pixels> {
  const sharp = await loadSharp();
  try {
    const { format, width, height } = await sharp(bytes, { limitInputPixels: maxPixels }).metadata();
    if (!FORMATS.includes(format)) throw refused(`it is ${format}, not JPEG, PNG or WebP`);
    if (width * height > maxPixels) throw refused(`it has ${width}x${height} pixels; the limit is ${maxPixels}`);
    let image = sharp(bytes, { limitInputPixels: maxPixels, failOn: 'error' }).autoOrient();
    const [r, g, b] = plan.background;
    const background = { r, g, b };
    image = image.flatten({ background });
    if (plan.resize !== undefined) image = image.resize({ ...plan.resize, fit: plan.fit, background });
    image = plan.color === 'GRAY' ? image.grayscale().toColourspace('b-w') : image.toColourspace('srgb');
    const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
    return cropMiddle({ data, width: info.width, height: info.height }, plan);
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    throw refused(messageOf(cause).split('\n')[0] ?? '', cause);
  }
}

function cropMiddle(pixels: Pixels, { crop, mean: { length: channels } }: ImagePlan): Pixels {
  if (crop === undefined) return pixels;
  const { width, height } = crop;
  if (width > pixels.width || height > pixels.height) {
    throw refused(`it has ${pixels.width}x${pixels.height} pixels, from which ${width}x${height} cannot be cut`);
  }
  const left = Math.floor((pixels.width - width) / 2);
  const top = Math.floor((pixels.height - height) / 2);
  const data = new Uint8Array(width * height * channels);
  for (let row = 0; row < height; row += 1) {
    const from = ((top + row) * pixels.width + left) * channels;
    data.set(pixels.data.subarray(from, from + width * channels), row * width * channels);
  }
  return { data, width, height };
}

function toElements({ data, width, height }: Pixels, plan: ImagePlan): NumericData {
  const channels = plan.mean.length;
  const count = width * height;
  const elements = new (arrayOf(plan.datatype as Exclude<Datatype, 'BYTES'>))(count * channels);
  for (let channel = 0; channel < channels; channel += 1) {
    const source = plan.color === 'BGR' ? channels - 1 - channel : channel;
    const table = tableOf(plan, channel);
    const step = plan.layout === 'NCHW' ? 1 : channels;
    let at = plan.layout === 'NCHW' ? channel * count : channel;
    for (let i = source; i < data.length; i += channels) {
      elements[at] = table[data[i] ?? 0] ?? 0;
      at += step;
    }
  }
  return elements;
}

/** What each of the 256 values of a pixel becomes in one channel. */
function tableOf(plan: ImagePlan, channel: number): Float64Array {
  const mean = plan.mean[channel] ?? 0;
  const std = plan.std[channel] ?? 1;
  const range = RANGES[plan.datatype];
  return Float64Array.from({ length: 256 }, (_, pixel) => {
    const value = (pixel * plan.scale - mean) / std;
    if (range !== undefined) return Math.min(range[1], Math.max(range[0], Math.round(value)));
    return plan.datatype === 'FP16' ? numberToHalf(value) : value;
  });
}

function refused(fault: string, cause?: unknown): EngineError {
  return new EngineError('PictureInvalid', `cannot read the image: ${fault}`, { cause });
}

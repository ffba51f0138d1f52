import type { Datatype, Preprocess } from '@edgewright/contract';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { halfToNumber } from '../half.ts';
import { decodeImage } from './decode-image.ts';
import { planImage } from './image-plan.ts';

const spec = (shape: number[], datatype: Datatype = 'FP32') => [{ name: 'x', datatype, shape }];
const plan = (shape: number[], settings: Preprocess = {}, datatype?: Datatype) => planImage('m:1', spec(shape, datatype), settings); // prettier-ignore

/** Two pixels wide, one high: (10, 20, 30) and (40, 50, 60). */
const pair = sharp(Buffer.from([10, 20, 30, 40, 50, 60]), { raw: { width: 2, height: 1, channels: 3 } });

const grey = (width: number, height: number, value: (x: number, y: number) => number): Promise<Buffer> => {
  const pixels = Buffer.from(Array.from({ length: width * height }, (_, i) => value(i % width, Math.floor(i / width))));
  return sharp(pixels, { raw: { width, height, channels: 1 } })
    .png()
    .toBuffer();
};

describe('an image as a tensor', () => {
  it.each([
    { layout: 'NCHW', color: 'RGB', shape: [1, 3, 1, 2], data: [10, 40, 20, 50, 30, 60] },
    { layout: 'NCHW', color: 'BGR', shape: [1, 3, 1, 2], data: [30, 60, 20, 50, 10, 40] },
    { layout: 'NHWC', color: 'RGB', shape: [1, 1, 2, 3], data: [10, 20, 30, 40, 50, 60] },
    { layout: 'NHWC', color: 'BGR', shape: [1, 1, 2, 3], data: [30, 20, 10, 60, 50, 40] },
  ] as const)('$layout $color', async ({ layout, color, shape, data }) => {
    const settings: Preprocess = { layout, color, scale: 1 };
    const free = [-1, -1, -1, -1];
    for (const bytes of [await pair.clone().png().toBuffer(), await pair.clone().webp({ lossless: true }).toBuffer()]) {
      const tensor = await decodeImage(bytes, plan(free, settings), 100);
      expect(tensor).toEqual({ datatype: 'FP32', shape, data: Float32Array.from(data) });
    }
  });

  it('is scaled, moved and divided for each channel', async () => {
    const settings: Preprocess = { scale: 0.1, mean: [1, 2, 3], std: [1, 2, 0.5] };
    const { data } = await decodeImage(await pair.clone().png().toBuffer(), plan([1, 3, 1, 2], settings), 100);
    const expected = [0, 3, 0, 1.5, 0, 6];
    Array.from(data as Float32Array).forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? Number.NaN, 6));
  });

  it('is between 0 and 1 unless said otherwise, and whole numbers for integer types', async () => {
    const white = await grey(1, 1, () => 255);
    expect((await decodeImage(white, plan([1, 1, 1, 1]), 1)).data).toEqual(Float32Array.of(1));
    expect((await decodeImage(white, plan([1, 1, 1, 1], {}, 'UINT8'), 1)).data).toEqual(Uint8Array.of(255));
    expect((await decodeImage(white, plan([1, 1, 1, 1], {}, 'INT8'), 1)).data).toEqual(Int8Array.of(127));
    const half = (await decodeImage(white, plan([1, 1, 1, 1], { scale: 0.01 }, 'FP16'), 1)).data as Uint16Array;
    expect(halfToNumber(half[0] ?? 0)).toBeCloseTo(2.55, 2);
  });

  it('is stretched, cut or filled up as `fit` says', async () => {
    const bytes = await grey(4, 2, (x) => (x < 2 ? 0 : 200));
    const at = async (settings: Preprocess) => {
      const { shape, data } = await decodeImage(bytes, plan([1, 1, 2, 2], { scale: 1, ...settings }), 100);
      return { shape, data: Array.from(data as Float32Array) };
    };
    const shape = [1, 1, 2, 2];
    expect((await at({ fit: 'fill' })).shape).toEqual(shape);
    expect((await at({ fit: 'cover' })).shape).toEqual(shape);
    const filled = await at({ fit: 'contain', background: [255, 255, 255] });
    expect(filled.shape).toEqual(shape);
    expect(filled.data.some((value) => value === 255)).toBe(true);
  });

  it('is cut from its middle', async () => {
    const bytes = await grey(6, 4, (x, y) => 10 * y + x);
    const settings: Preprocess = { scale: 1, width: 6, height: 4, crop: { width: 2, height: 2 } };
    const { data } = await decodeImage(bytes, plan([1, 1, 2, 2], settings), 100);
    expect(data).toEqual(Float32Array.of(12, 13, 22, 23));
  });

  it('is turned as its EXIF data say', async () => {
    const turned = await pair.clone().withMetadata({ orientation: 6 }).jpeg({ quality: 100 }).toBuffer();
    const { shape } = await decodeImage(turned, plan([-1, 3, -1, -1]), 100);
    expect(shape).toEqual([1, 3, 2, 1]);
  });

  it('shows its background where it is transparent', async () => {
    const clear = await sharp({ create: { width: 1, height: 1, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } } }).png().toBuffer(); // prettier-ignore
    const settings: Preprocess = { scale: 1, background: [1, 2, 3] };
    expect((await decodeImage(clear, plan([1, 3, 1, 1], settings), 1)).data).toEqual(Float32Array.of(1, 2, 3));
  });
});

describe('what is no image', () => {
  it.each([
    { what: 'text', bytes: () => Promise.resolve(Buffer.from('not an image')), text: 'cannot read the image' },
    { what: 'nothing', bytes: () => Promise.resolve(Buffer.alloc(0)), text: 'cannot read the image' },
    { what: 'a GIF', bytes: () => pair.clone().gif().toBuffer(), text: 'it is gif, not JPEG, PNG or WebP' },
    { what: 'too many pixels', bytes: () => grey(20, 20, () => 0), text: 'exceeds pixel limit' },
    { what: 'half a file', bytes: async () => (await grey(9, 9, (x, y) => x * y)).subarray(0, 60), text: 'cannot read the image' }, // prettier-ignore
  ])('is refused: $what', async ({ bytes, text }) => {
    await expect(decodeImage(await bytes(), plan([1, 1, 4, 4]), 100)).rejects.toMatchObject({
      code: 'PictureInvalid',
      message: expect.stringContaining(text) as string,
    });
  });
});

describe('a declaration that does not fit the model', () => {
  it.each([
    { shape: [1, 10], settings: {}, text: 'an image takes three dimensions' },
    { shape: [8, 3, 4, 4], settings: {}, text: 'fixed to more than one image' },
    { shape: [1, 7, 4, 7], settings: {}, text: 'give "layout"' },
    { shape: [1, 1, 4, 4], settings: { color: 'RGB' }, text: 'it has 1 channels, but RGB has 3' },
    { shape: [1, 3, 4, 4], settings: { mean: [1, 2] }, text: 'one number or 3' },
    { shape: [1, 3, 4, 4], settings: { std: 0 }, text: '"std" is 0' },
    { shape: [1, 3, 4, 4], settings: { width: 5, height: 5 }, text: 'images are 4x4, but 5x5 come out' },
    { shape: [-1, 3, -1, -1], settings: { width: 5 }, text: 'both or neither' },
    { shape: [1, 3, -1, -1], settings: { width: 4, height: 4, crop: { width: 5, height: 5 } }, text: '"crop" of 5x5' },
    { shape: [1, 3, 4, 4], settings: { datatype: 'UINT8' }, text: '"datatype" is UINT8' },
    { shape: [1, 3, 4, 4], settings: { input: 'z' }, text: 'there is no input "z"; there is x' },
  ] satisfies { shape: number[]; settings: Preprocess; text: string }[])('$text', ({ shape, settings, text }) => {
    expect(() => plan(shape, settings)).toThrow(text);
  });

  it('as pixels that its input does not carry', () => {
    expect(() => plan([1, 3, 4, 4], {}, 'INT64')).toThrow('pixels cannot be INT64');
  });
});

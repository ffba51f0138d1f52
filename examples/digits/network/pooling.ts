import type { ImageBatch } from './patches.ts';

/** The largest of each block of 2×2 pixels, and where in the images it stood. */
export interface Pooled {
  readonly values: Float32Array;
  readonly from: Int32Array;
}

/** Halves the sides of images: of each 2×2 pixels only the largest stays, in each channel by itself. */
export function maxPool(images: Float32Array, { count, side, channels }: ImageBatch): Pooled {
  const half = side / 2;
  const values = new Float32Array(count * half ** 2 * channels);
  const from = new Int32Array(values.length);
  for (let i = 0; i < values.length; i += 1) {
    const c = i % channels;
    const x = Math.floor(i / channels) % half;
    const row = Math.floor(i / channels / half);
    const first = (2 * row * side + 2 * x) * channels + c;
    const places = [first, first + channels, first + side * channels, first + (side + 1) * channels];
    const best = places.reduce((a, b) => ((images[b] ?? 0) > (images[a] ?? 0) ? b : a));
    values[i] = images[best] ?? 0;
    from[i] = best;
  }
  return { values, from };
}

/** The way back, for gradients: they belong to the pixels that were the largest. */
export function unpool(gradients: Float32Array, pooled: Pooled, length: number): Float32Array {
  const images = new Float32Array(length);
  pooled.from.forEach((place, i) => {
    images[place] = gradients[i] ?? 0;
  });
  return images;
}

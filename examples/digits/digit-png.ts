import sharp from 'sharp';
import { INK, SIDE } from './table.ts';

const WHITE = 255;

/**
 * Draws a digit as a grey PNG, white ink on black as the network has learnt it.
 *
 * @param pixels 64 numbers from 0 (paper) to 16 (ink)
 * @param zoom each pixel becomes a square of so many pixels a side; default 1
 */
export async function digitPng(pixels: readonly number[], zoom = 1): Promise<Buffer> {
  const grey = Uint8Array.from(pixels, (pixel) => Math.round((pixel * WHITE) / INK));
  const image = sharp(grey, { raw: { width: SIDE, height: SIDE, channels: 1 } });
  return image
    .resize(SIDE * zoom, SIDE * zoom, { kernel: 'nearest' })
    .toColourspace('b-w')
    .png()
    .toBuffer();
}

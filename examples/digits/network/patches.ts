/** A batch of square images, channels last: `count` × `side` × `side` × `channels`. */
export interface ImageBatch {
  readonly count: number;
  readonly side: number;
  readonly channels: number;
}

/** A convolution's window has this many pixels a side. */
export const WINDOW = 3;

/**
 * The window around every pixel as a row of a matrix, paper (0) outside of the image: a convolution is then a product of
 * matrices. The row holds the window's pixels row by row, each with its channels: the order of TensorFlow's kernels.
 */
export function patchesOf(images: Float32Array, batch: ImageBatch): Float32Array {
  const patches = new Float32Array(batch.count * batch.side ** 2 * WINDOW ** 2 * batch.channels);
  eachPair(batch, (patch, image) => {
    for (let c = 0; c < batch.channels; c += 1) patches[patch + c] = images[image + c] ?? 0;
  });
  return patches;
}

/** The way back, for gradients: what all windows say of a pixel, added up. */
export function gatherPatches(patches: Float32Array, batch: ImageBatch): Float32Array {
  const images = new Float32Array(batch.count * batch.side ** 2 * batch.channels);
  eachPair(batch, (patch, image) => {
    for (let c = 0; c < batch.channels; c += 1)
      images[image + c] = (images[image + c] ?? 0) + (patches[patch + c] ?? 0);
  });
  return images;
}

/** Calls with the offsets of a pixel of a window and of the same pixel of the image; not for pixels outside of the image. */
function eachPair({ count, side, channels }: ImageBatch, visit: (patch: number, image: number) => void): void {
  const reach = (WINDOW - 1) / 2;
  for (let row = 0; row < count * side; row += 1) {
    const y = row % side;
    for (let x = 0; x < side; x += 1) {
      const patch = (row * side + x) * WINDOW ** 2;
      for (let place = 0; place < WINDOW ** 2; place += 1) {
        const dy = Math.floor(place / WINDOW) - reach;
        const dx = (place % WINDOW) - reach;
        if (y + dy < 0 || y + dy >= side || x + dx < 0 || x + dx >= side) continue;
        visit((patch + place) * channels, ((row + dy) * side + x + dx) * channels);
      }
    }
  }
}

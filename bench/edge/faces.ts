const WIDTH = 320;
const HEIGHT = 240;
const CONFIDENT = 0.7;

/** Grey pixels in Base64 as the model takes them: three equal planes, (x − 127) / 128. */
export function pixelsOf(image: string): Float32Array {
  const grey = Buffer.from(image, 'base64');
  const pixels = new Float32Array(3 * WIDTH * HEIGHT);
  for (let i = 0; i < WIDTH * HEIGHT; i += 1) pixels[i] = ((grey[i] ?? 0) - 127) / 128;
  pixels.copyWithin(WIDTH * HEIGHT, 0, WIDTH * HEIGHT);
  pixels.copyWithin(2 * WIDTH * HEIGHT, 0, WIDTH * HEIGHT);
  return pixels;
}

/** How many boxes are faces, before those that overlap are joined. */
export function facesIn(scores: ArrayLike<number>): number {
  let faces = 0;
  for (let i = 1; i < scores.length; i += 2) if ((scores[i] ?? 0) > CONFIDENT) faces += 1;
  return faces;
}

/** An image for message `n`, the same each time, in Base64. */
export function testImage(n: number): string {
  return Buffer.from(Array.from({ length: WIDTH * HEIGHT }, (_, i) => (i * 31 + n * 17 + (i >> 5)) & 255)).toString(
    'base64',
  );
}

import crypto from 'node:crypto';

/** Quicker than an object for each digest; the Node.js 20.11 of arm32v7 images (docs/decisions/0014) lacks it. */
const oneShot: typeof crypto.hash | undefined = crypto.hash;

/** The SHA-1 of some bytes: a short name for them, and no protection against anybody. */
export function sha1(bytes: Uint8Array): Buffer {
  return oneShot === undefined ? crypto.createHash('sha1').update(bytes).digest() : oneShot('sha1', bytes, 'buffer');
}

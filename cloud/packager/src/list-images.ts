import type { ImageSummary } from './image-summary.ts';

/**
 * The images of an OCI image layout, by reference. A folder that does not exist holds none.
 *
 * @throws PackagerError `ImageInvalid`
 */
export async function listImages(layoutDirectory: string): Promise<readonly ImageSummary[]> {
  await Promise.resolve();
  throw new TypeError(`not there yet: ${layoutDirectory}`);
}

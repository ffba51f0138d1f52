import { imageAnnotations, ociMediaTypes, OciIndexSchema } from '@edgewright/contract';
import type { OciIndex } from '@edgewright/contract';
import { ImageLayout } from './layout/image-layout.ts';

/**
 * The names of the images in a layout that hold a model.
 *
 * @param modelId `NAME:VERSION`
 * @throws PackagerError `ImageInvalid`
 */
export async function imagesWithModel(layoutDirectory: string, modelId: string): Promise<readonly string[]> {
  const layout = await ImageLayout.find(layoutDirectory);
  if (layout === undefined) return [];
  const names: string[] = [];
  for (const entry of (await layout.readIndex()).manifests) {
    const name = entry.annotations?.[imageAnnotations.referenceName];
    if (name === undefined || entry.mediaType !== ociMediaTypes.index) continue;
    const { annotations } = (await layout.read(entry, OciIndexSchema)) as OciIndex;
    if ((annotations?.[imageAnnotations.model] ?? '').split(',').includes(modelId)) names.push(name);
  }
  return names.sort();
}

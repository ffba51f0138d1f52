import { existsSync } from 'node:fs';
import path from 'node:path';
import type { OciPlatform } from '@edgewright/contract';
import { SimulatorError } from '../simulator-error.ts';
import { locateImage, unusable } from './image-layout.ts';
import type { LocatedImage } from './image-layout.ts';
import type { ImageSources } from './image-sources.ts';

/** An image reference taken apart. */
interface Reference {
  /** Without tag and digest. */
  readonly name: string;
  readonly tag: string;
  readonly digest: string | undefined;
}

/**
 * Finds a module's image on this machine: `oci:PATH:TAG`, or `NAME:TAG` and `NAME@DIGEST` in one of the known layouts. Without
 * a tag it is `latest`.
 *
 * @throws SimulatorError `ModuleImageUnusable` that says where it was looked for
 */
export async function findImage(
  reference: string,
  sources: ImageSources,
  platform: OciPlatform,
): Promise<LocatedImage> {
  const details = { reference, layouts: sources.layouts, isMissing: true };
  const direct = /^oci:(.+?)(?::([\w][\w.-]*))?$/.exec(reference);
  if (direct !== null) {
    const [, directory = '', tag = 'latest'] = direct;
    const located = await tryLayout(
      path.resolve(directory),
      { name: '', tag, digest: undefined },
      { reference, platform },
    );
    if (located !== undefined) return located;
    throw unusable(`there is no "${tag}" in the image layout ${path.resolve(directory)}`, details);
  }
  const parsed = parseReference(reference);
  const named = sources.references[reference];
  for (const layout of named === undefined ? sources.layouts : [named]) {
    const located = await tryLayout(layout, parsed, { reference, platform });
    if (located !== undefined) return located;
  }
  const places = named === undefined ? sources.layouts : [named];
  throw unusable(
    places.length === 0
      ? `"${reference}" is not on this machine: no image layout is known`
      : `"${reference}" is in none of the image layouts ${places.join(', ')}`,
    details,
  );
}

/** As `findImage`; undefined for a name that is in no layout, and so may be elsewhere. What is there and broken is thrown. */
export async function findImageIfThere(
  reference: string,
  sources: ImageSources,
  platform: OciPlatform,
): Promise<LocatedImage | undefined> {
  try {
    return await findImage(reference, sources, platform);
  } catch (error) {
    const isMissing = error instanceof SimulatorError && error.details['isMissing'] === true;
    if (isMissing && !reference.startsWith('oci:')) return undefined;
    throw error;
  }
}

async function tryLayout(
  directory: string,
  { name, tag, digest }: Reference,
  { reference, platform }: { readonly reference: string; readonly platform: OciPlatform },
): Promise<LocatedImage | undefined> {
  if (!existsSync(path.join(directory, 'index.json'))) return undefined;
  if (digest !== undefined) return await locateImage(directory, { reference, tags: [], digest }, platform);
  // a layout of one image has bare tags, one of several has whole names
  const whole = await locateImage(directory, { reference, tags: [`${name}:${tag}`] }, platform);
  return whole ?? (name === '' ? await locateImage(directory, { reference, tags: [tag] }, platform) : undefined);
}

function parseReference(reference: string): Reference {
  const [named = '', digest] = reference.split('@', 2);
  // a colon before a slash belongs to the registry's port
  const colon = named.lastIndexOf(':');
  const hasTag = colon > named.lastIndexOf('/');
  return {
    name: hasTag ? named.slice(0, colon) : named,
    tag: hasTag ? named.slice(colon + 1) : 'latest',
    digest,
  };
}

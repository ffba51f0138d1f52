import { stat } from 'node:fs/promises';
import path from 'node:path';
import { BatchError } from '../batch-error.ts';
import { isBlobAddress, parseBlobAddress } from './blob-address.ts';
import { BlobPlace } from './blob-place.ts';
import type { BlobAccess } from './blob-place.ts';
import { FolderPlace } from './folder-place.ts';
import type { Place } from './place.ts';

/**
 * Opens a folder or a prefix of a container.
 *
 * @throws BatchError `PlaceUnusable`
 */
export async function openPlace(text: string, access: BlobAccess): Promise<Place> {
  if (!isBlobAddress(text)) return new FolderPlace(text);
  return await BlobPlace.open(parseBlobAddress(text), access);
}

/** What an input names: a place and, when it is a single file, its name there. */
export interface InputPlace {
  readonly place: Place;
  readonly only?: string;
}

/**
 * Opens an input: a folder with all that is below it, or one file.
 *
 * @throws BatchError `PlaceUnusable`
 */
export async function openInput(text: string, access: BlobAccess): Promise<InputPlace> {
  if (isBlobAddress(text)) {
    const address = parseBlobAddress(text);
    if (address.path === '') return { place: await BlobPlace.open(address, access) };
    const above = path.posix.dirname(address.path);
    const name = path.posix.basename(address.path);
    const outer = await BlobPlace.open({ ...address, path: above === '.' ? '' : above }, access);
    if ((await outer.find(name)) !== undefined) return { place: outer, only: name };
    return { place: await BlobPlace.open(address, access) };
  }
  const found = await stat(text).catch(() => undefined);
  if (found?.isFile() === true) return { place: new FolderPlace(path.dirname(text)), only: path.basename(text) };
  if (found?.isDirectory() === true) return { place: new FolderPlace(text) };
  throw new BatchError('PlaceUnusable', `cannot read the input "${text}": there is no such file or folder`, {
    details: { place: text },
  });
}

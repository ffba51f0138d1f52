import { collectionDesignations, collectionFormats } from './collected-row.ts';
import type { CollectionDesignation, CollectionFormat } from './collected-row.ts';

/** Where a service stands in Azure ML's layout; on an edge device, what comes next to it. */
export interface CollectionOwner {
  /** The subscription; `local` where there is none. */
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly workspace: string;
  /** The service; on an edge device `<device>.<module>`. */
  readonly service: string;
}

/** What one file of collected rows holds. */
export interface CollectionPlace extends CollectionOwner {
  readonly model: string;
  readonly version: string;
  readonly designation: CollectionDesignation;
  /** `2026-11-30`, in UTC. */
  readonly day: string;
  readonly format: CollectionFormat;
  /** What tells several files of one day apart: `data-<part>.csv`; without it `data.csv`. */
  readonly part?: string;
}

/** The container of blobs that Azure ML collects in, and the first folder of its paths. */
export const COLLECTION_CONTAINER = 'modeldata';

/**
 * Azure ML's layout below the container `modeldata`:
 * `<subscription>/<resource group>/<workspace>/<service>/<model>/<version>/<identifier>/<yyyy>/<mm>/<dd>/data.csv`.
 * What cannot stand in a file name is percent-encoded. No name may be empty.
 */
export function collectionPath(place: CollectionPlace): string {
  const { subscription, resourceGroup, workspace, service, model, version, designation, day, format, part } = place;
  const folders = [subscription, resourceGroup, workspace, service, model, version, designation, ...day.split('-')];
  return [...folders.map(encodeFolder), `data${part === undefined ? '' : `-${part}`}.${format}`].join('/');
}

/**
 * Reads a path of collected rows, with `/`; folders before the layout are left out. Undefined for a path of something else, drafts and
 * the buffer among them.
 */
export function parseCollectionPath(path: string): CollectionPlace | undefined {
  const folders = path.split('/');
  const file = /^data(?:-([A-Za-z0-9-]+))?\.([a-z]+)$/.exec(folders.pop() ?? '');
  const names = folders.slice(-10).map(decodeFolder);
  const [subscription, resourceGroup, workspace, service, model, version, identifier, year, month, date] = names;
  const designation = collectionDesignations.find((each) => each === identifier);
  const format = collectionFormats.find((each) => each === file?.[2]);
  const day = `${year}-${month}-${date}`;
  if (designation === undefined || format === undefined || !/^\d{4}-\d{2}-\d{2}$/.test(day)) return undefined;
  if (!subscription || !resourceGroup || !workspace || !service || !model || !version) return undefined;
  const part = file?.[1];
  const owner = { subscription, resourceGroup, workspace, service };
  return { ...owner, model, version, designation, day, format, ...(part === undefined ? {} : { part }) };
}

function encodeFolder(name: string): string {
  const encoded = encodeURIComponent(name.toWellFormed()).replaceAll(/[!'()*~]/g, percent);
  // "." and ".." lead elsewhere, and a name that ends in "." loses it in Azure's storage and in Windows
  return encoded.replace(/\.$/, '%2E');
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function decodeFolder(name: string): string | undefined {
  try {
    return decodeURIComponent(name);
  } catch {
    return undefined;
  }
}

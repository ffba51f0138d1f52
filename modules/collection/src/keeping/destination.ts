import { readFile } from 'node:fs/promises';
import { messageOf } from '@edgewright/contract';
import { CollectionError } from '../collection-error.ts';
import { FolderSink } from '../sinks/folder-sink.ts';
import type { FolderLimits } from '../sinks/folder-sink.ts';
import type { Sink } from '../sinks/sink.ts';

/** A secret itself, or the file that it stands in, which is read each time so that it can be renewed. */
export type CollectionSecret = { readonly value: string } | { readonly file: string };

/** Where collected rows go. Plain data. */
export type Destination =
  | { readonly kind: 'folder'; readonly folder: string; readonly limits: FolderLimits }
  | {
      readonly kind: 'blobs';
      /** Absent: the container `modeldata` of the account in the connection string. */
      readonly container?: string;
      readonly credential: CollectionSecret;
    };

/**
 * Opens a destination.
 *
 * @throws CollectionError `CollectionInvalid` for a credential that cannot be read or used
 */
export async function openSink(destination: Destination): Promise<Sink> {
  if (destination.kind === 'folder') return new FolderSink(destination.folder, destination.limits);
  // the storage client takes its time to load, and is not needed for a folder
  const { BlobSink } = await import('../sinks/blob-sink.ts');
  return new BlobSink({
    container: destination.container,
    credential: await readCollectionSecret(destination.credential),
  });
}

/** @throws CollectionError `CollectionInvalid` when the file cannot be read */
export async function readCollectionSecret(secret: CollectionSecret): Promise<string> {
  if ('value' in secret) return secret.value;
  try {
    return (await readFile(secret.file, 'utf8')).trim();
  } catch (cause) {
    throw new CollectionError('CollectionInvalid', `cannot read the secret file ${secret.file}: ${messageOf(cause)}`, {
      details: { file: secret.file },
      cause,
    });
  }
}

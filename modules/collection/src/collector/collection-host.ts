import path from 'node:path';
import { documentIssues, CollectionSchema } from '@edgewright/contract';
import type { CollectionOwner, CollectionSettings } from '@edgewright/contract';
import { CollectionError } from '../collection-error.ts';
import { readCollectionSecret } from '../keeping/destination.ts';
import type { CollectionSecret, Destination } from '../keeping/destination.ts';
import type { KeeperPlan } from '../keeping/keeper-plan.ts';

/** What the program knows that collects, and its settings do not say. */
export interface CollectionHost {
  /** What the service is called, and where it belongs, unless the settings say so. */
  readonly owner: CollectionOwner;
  /** A folder that outlives the process; without one what waits is kept in a temporary one. */
  readonly stateDirectory: string;
  /** What lets it write blobs: a connection string or a shared access signature. */
  readonly credential?: CollectionSecret;
  /** The key of hashes. */
  readonly hashKey?: CollectionSecret;
}

const KEEP_BYTES = 10_737_418_240;
/** Of the key of hashes: what is shorter can be guessed. */
const MIN_KEY_LENGTH = 16;

/**
 * Makes a plan of settings.
 *
 * @throws CollectionError `CollectionInvalid`
 */
export async function planCollection(settings: CollectionSettings, host: CollectionHost): Promise<KeeperPlan> {
  const issues = documentIssues(CollectionSchema, settings);
  if (issues.length > 0) {
    throw invalid(
      issues.map(({ path: place, expected, found }) => `${place}: expected ${expected}, found ${found}`).join('; '),
    );
  }
  const destination = destinationOf(settings, host);
  const hashKey = await hashKeyOf(settings, host);
  const { subscription, resourceGroup, workspace, service } = settings;
  const given = Object.entries({ subscription, resourceGroup, workspace, service });
  const owner = { ...host.owner, ...Object.fromEntries(given.filter(([, name]) => name !== undefined)) };
  return {
    settings,
    destination,
    owner,
    // with the folder goes the right to write its files
    bufferFolder: path.join(destination.kind === 'folder' ? destination.folder : host.stateDirectory, '.collection'),
    ...(hashKey === undefined ? {} : { hashKey }),
  };
}

function destinationOf({ folder, container, keep }: CollectionSettings, { credential }: CollectionHost): Destination {
  if (folder !== undefined && container !== undefined) {
    throw invalid('there are both a folder and a container; rows go to one place: leave one of them out');
  }
  if (folder !== undefined) {
    return {
      kind: 'folder',
      folder: path.resolve(folder),
      limits: { maxBytes: keep?.maxBytes ?? KEEP_BYTES, maxDays: keep?.maxDays },
    };
  }
  if (keep !== undefined) throw invalid('keep is about a folder, and there is none');
  if (credential === undefined) {
    throw invalid(
      container === undefined
        ? 'there is no destination: name a folder, or a container of Azure Blob Storage, or give a connection string ' +
            'as EDGEWRIGHT_COLLECT_CREDENTIAL'
        : `nothing lets it write to ${container}: give a connection string or a shared access signature as ` +
            'EDGEWRIGHT_COLLECT_CREDENTIAL, or its file as EDGEWRIGHT_COLLECT_CREDENTIAL_FILE',
    );
  }
  return { kind: 'blobs', ...(container === undefined ? {} : { container }), credential };
}

async function hashKeyOf(
  { redact = [] }: CollectionSettings,
  { hashKey }: CollectionHost,
): Promise<string | undefined> {
  const hashed = redact.find(({ action }) => action === 'hash');
  if (hashed === undefined) return undefined;
  if (hashKey === undefined) {
    throw invalid(
      `"${hashed.field}" is to be hashed, and there is no key: give one as EDGEWRIGHT_COLLECT_HASH_KEY, or its file as ` +
        'EDGEWRIGHT_COLLECT_HASH_KEY_FILE',
    );
  }
  const key = await readCollectionSecret(hashKey);
  if (key.length >= MIN_KEY_LENGTH) return key;
  throw invalid(`the key of hashes has ${key.length} characters; it needs ${MIN_KEY_LENGTH} or more`);
}

function invalid(reason: string): CollectionError {
  return new CollectionError('CollectionInvalid', `cannot collect model data: ${reason}`, { details: { reason } });
}

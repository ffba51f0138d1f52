import type { CollectionOwner, CollectionSettings } from '@edgewright/contract';
import type { Destination } from './destination.ts';

/** What a keeper is to do. Plain data, checked. */
export interface KeeperPlan {
  readonly settings: CollectionSettings;
  readonly destination: Destination;
  readonly owner: CollectionOwner;
  /** The folder of the buffers; of a folder as destination it is inside. */
  readonly bufferFolder: string;
  /** Of hashes, when a rule hashes. */
  readonly hashKey?: string;
}

/** Counts since the keeper began, and what is now. */
export interface KeeperFigures {
  /** Requests that are kept: they wait or are at their destination. */
  readonly collected: number;
  /** Requests that were not lucky in their reservoir. */
  readonly sampledOut: number;
  readonly dropped: Readonly<Record<KeeperLoss, number>>;
  readonly uploaded: number;
  readonly bufferedBytes: number;
  readonly uploadFailures: number;
  /** Why the last attempt to upload failed; null when it did not. */
  readonly lastError: string | null;
}

/** Why a request that was to be kept is lost. */
export type KeeperLoss = 'bufferFull' | 'age' | 'tooLarge' | 'failed';

/** Lines for the log of the program. */
export type KeeperLog = (
  level: 'info' | 'warn' | 'error',
  facts: Readonly<Record<string, unknown>>,
  text: string,
) => void;

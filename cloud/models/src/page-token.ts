import { ModelsError } from './models-error.ts';

/** The last model of a page. */
export interface PagePosition {
  readonly name: string;
  /** The version with its sign changed. */
  readonly rank: number;
  /** Where the store can go on listing, in its own words. */
  readonly cursor?: string;
}

/** Where a page ends, as a text that callers need not understand. */
export function writePageToken(position: PagePosition): string {
  return Buffer.from(JSON.stringify([position.name, position.rank, position.cursor])).toString('base64url');
}

/** @throws ModelsError `ModelInputInvalid` */
export function readPageToken(token: string): PagePosition {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    if (Array.isArray(value) && typeof value[0] === 'string' && Number.isSafeInteger(value[1])) {
      const cursor: unknown = value[2];
      return { name: value[0], rank: Number(value[1]), ...(typeof cursor === 'string' ? { cursor } : {}) };
    }
  } catch {
    // told below
  }
  throw new ModelsError(
    'ModelInputInvalid',
    `cannot list models: the page token "${token.slice(0, 80)}" is none; pass on the nextToken of the page before, unchanged`,
    { details: { nextToken: token.slice(0, 80) } },
  );
}

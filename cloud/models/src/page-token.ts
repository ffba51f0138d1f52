import { ModelsError } from './models-error.ts';
import type { PagePosition } from './store/page-query.ts';

/** Where a page ends, as a text that callers need not understand. */
export function writePageToken(position: PagePosition): string {
  return Buffer.from(JSON.stringify([position.name, position.rank])).toString('base64url');
}

/** @throws ModelsError `ModelInputInvalid` */
export function readPageToken(token: string): PagePosition {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    if (Array.isArray(value) && typeof value[0] === 'string' && Number.isSafeInteger(value[1])) {
      return { name: value[0], rank: Number(value[1]) };
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

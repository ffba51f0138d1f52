import { hubFault } from '../hub-fault.ts';
import type { JsonRequest } from '../../http/json-route.ts';

/** What an If-Match header asks for: nothing, that the thing exists, or that it has this ETag. */
export type MatchCondition =
  | { readonly kind: 'none' }
  | { readonly kind: 'exists' }
  | { readonly kind: 'etag'; readonly etag: string };

export function matchCondition(request: JsonRequest): MatchCondition {
  const header = request.header('if-match');
  return header === undefined ? { kind: 'none' } : conditionOf(header);
}

/** The condition in an ETag as clients send it: in quotes or not, weak or not, or `*`. */
export function conditionOf(text: string): MatchCondition {
  const etag = text
    .trim()
    .replace(/^W\//, '')
    .replace(/^"(.*)"$/, '$1');
  return etag === '*' || etag === '' ? { kind: 'exists' } : { kind: 'etag', etag };
}

/**
 * @param what names the thing, for the message
 * @throws SimulatorError `SimulatedHubConflict` when the condition asks for another ETag
 */
export function requireMatch(condition: MatchCondition, etag: string, what: string): void {
  if (condition.kind !== 'etag' || condition.etag === etag) return;
  throw hubFault(
    'PreconditionFailed',
    `cannot change ${what}: it was changed in between (its ETag is "${etag}", If-Match asks for "${condition.etag}")`,
    { etag, ifMatch: condition.etag },
  );
}

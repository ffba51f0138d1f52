import { createHash } from 'node:crypto';
import { hubFault } from '../hub-fault.ts';
import type { Hub } from '../hub.ts';
import type { IdentityName } from '../identity.ts';
import { twinJson } from '../rest/twin-json.ts';
import type { Twin } from '../twin.ts';
import { aggregateRows, isAggregation } from './aggregate.ts';
import { evaluate, isMatch } from './evaluate.ts';
import { parseQuery } from './parse-query.ts';
import type { Query } from './query-syntax.ts';

/** How many twins are read at a time. */
const BATCH = 250;

export interface QueryPage {
  /** `Twin` for `SELECT *`, else `Raw`. */
  readonly itemType: 'Twin' | 'Raw';
  readonly items: readonly object[];
  /** For the next page; absent on the last one. */
  readonly continuation?: string;
}

export interface QueryRequest {
  readonly text: string;
  readonly pageSize: number;
  /** From the page before. */
  readonly continuation?: string | undefined;
}

/** Where the next page begins. */
interface Position {
  readonly after: IdentityName;
  /** How many results the pages so far had. */
  readonly given: number;
}

/**
 * Runs a query of devices or modules, one page of it.
 *
 * @throws SimulatorError `SimulatorRequestInvalid` with the place in the query, or for a continuation of another query
 */
export function runQuery(hub: Hub, { text, pageSize, continuation }: QueryRequest): QueryPage {
  const query = parseQuery(text);
  const itemType = query.select === undefined ? 'Twin' : 'Raw';
  if (query.from === 'devices.jobs') return { itemType, items: [] };
  if (isAggregation(query)) return { itemType, items: aggregateRows(query, matching(hub, query)) };
  const position = continuation === undefined ? undefined : readContinuation(continuation, text);
  const given = position?.given ?? 0;
  const wanted = Math.min(pageSize, (query.top ?? Infinity) - given);
  const items: object[] = [];
  let last: IdentityName | undefined;
  for (const { document, name } of documents(hub, query, position?.after)) {
    if (!isMatch(query.where, document)) continue;
    if (items.length === wanted) {
      const isFull = query.top !== undefined && given + wanted >= query.top;
      if (isFull || last === undefined) break;
      return { itemType, items, continuation: continuationOf({ after: last, given: given + wanted }, text) };
    }
    items.push(project(query, document));
    last = name;
  }
  return { itemType, items };
}

function* matching(hub: Hub, query: Query): Generator<object> {
  for (const { document } of documents(hub, query, undefined)) if (isMatch(query.where, document)) yield document;
}

/** The documents of the query's collection in the order of their names, after the one named. */
function* documents(
  hub: Hub,
  query: Query,
  after: IdentityName | undefined,
): Generator<{ document: object; name: IdentityName }> {
  const read = (from: IdentityName | undefined): Twin[] =>
    query.from === 'devices' ? hub.deviceTwins(BATCH, from?.deviceId) : hub.moduleTwins(BATCH, from);
  let from = after;
  for (;;) {
    const twins = read(from);
    for (const twin of twins) yield { document: twinJson(hub, twin), name: twin };
    from = twins.at(-1);
    if (twins.length < BATCH) return;
  }
}

function project({ select }: Query, document: object): object {
  if (select === undefined) return document;
  const columns = select.map(({ alias, expression }): [string, unknown] => [
    alias,
    expression === undefined ? undefined : evaluate(expression, document),
  ]);
  return Object.fromEntries(columns.filter(([, value]) => value !== undefined));
}

function continuationOf({ after, given }: Position, text: string): string {
  const { deviceId, moduleId } = after;
  return Buffer.from(JSON.stringify([queryMark(text), deviceId, moduleId ?? null, given])).toString('base64');
}

function readContinuation(continuation: string, text: string): Position {
  try {
    const [mark, deviceId, moduleId, given] = JSON.parse(Buffer.from(continuation, 'base64').toString()) as unknown[];
    if (mark === queryMark(text) && typeof deviceId === 'string' && typeof given === 'number') {
      return { after: { deviceId, ...(typeof moduleId === 'string' && { moduleId }) }, given };
    }
  } catch {
    // what cannot be read is refused below
  }
  throw hubFault('ArgumentInvalid', 'the continuation (x-ms-continuation) was not given for this query');
}

function queryMark(text: string): string {
  return createHash('sha256').update(text).digest('base64').slice(0, 12);
}

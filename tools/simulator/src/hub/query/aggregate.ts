import { evaluate } from './evaluate.ts';
import type { AggregateName, Query, SelectItem } from './query-syntax.ts';

interface Group {
  /** The first document, which stands for all of them in the columns that are grouped by. */
  readonly first: object;
  readonly tallies: readonly Tally[];
}

/** What is kept of a column while documents pass by. */
interface Tally {
  count: number;
  sum: number;
  least: number | string | undefined;
  greatest: number | string | undefined;
}

/** True when a query computes over groups of documents in place of giving them one by one. */
export function isAggregation(query: Query): boolean {
  return query.groupBy.length > 0 || query.select?.some((item) => item.aggregate !== undefined) === true;
}

/** The rows of a query over groups. Without GROUP BY there is one row, also for no document at all. */
export function aggregateRows(query: Query, documents: Iterable<object>): object[] {
  const items = query.select ?? [];
  const groups = new Map<string, Group>();
  if (query.groupBy.length === 0) groups.set('[]', newGroup({}, items));
  for (const document of documents) {
    const key = JSON.stringify(query.groupBy.map((expression) => [evaluate(expression, document)]));
    const group = groups.get(key) ?? newGroup(document, items);
    groups.set(key, group);
    items.forEach((item, index) => add(group.tallies[index], item, document));
  }
  const rows = [...groups.values()].map((group) => rowOf(group, items));
  return query.top === undefined ? rows : rows.slice(0, query.top);
}

function newGroup(first: object, items: readonly SelectItem[]): Group {
  const tallies = items.map(() => ({ count: 0, sum: 0, least: undefined, greatest: undefined }));
  return { first, tallies };
}

function add(tally: Tally | undefined, item: SelectItem, document: object): void {
  if (tally === undefined || item.aggregate === undefined) return;
  const value = item.expression === undefined ? 1 : evaluate(item.expression, document);
  if (value === undefined || value === null) return;
  if (item.aggregate === 'COUNT') {
    tally.count += 1;
    return;
  }
  const isText = typeof value === 'string' && (item.aggregate === 'MIN' || item.aggregate === 'MAX');
  if (typeof value !== 'number' && !isText) return;
  tally.count += 1;
  if (typeof value === 'number') tally.sum += value;
  if (tally.least === undefined || value < tally.least) tally.least = value;
  if (tally.greatest === undefined || value > tally.greatest) tally.greatest = value;
}

function rowOf({ first, tallies }: Group, items: readonly SelectItem[]): object {
  const columns = items.map((item, index): [string, unknown] => {
    const tally = tallies[index];
    if (item.aggregate === undefined || tally === undefined) {
      return [item.alias, item.expression === undefined ? undefined : evaluate(item.expression, first)];
    }
    return [item.alias, results[item.aggregate](tally)];
  });
  return Object.fromEntries(columns.filter(([, value]) => value !== undefined));
}

const results: Readonly<Record<AggregateName, (tally: Tally) => number | string | undefined>> = {
  COUNT: (tally) => tally.count,
  SUM: (tally) => tally.sum,
  AVG: (tally) => (tally.count === 0 ? undefined : tally.sum / tally.count),
  MIN: (tally) => tally.least,
  MAX: (tally) => tally.greatest,
};

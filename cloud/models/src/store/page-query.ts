import type { SQLInputValue } from 'node:sqlite';
import type { ModelFilter } from '../model-registry.ts';
import type { PagePosition } from '../page-token.ts';
import { labelConditions } from './label-condition.ts';

export interface PageRequest {
  readonly filter: Omit<ModelFilter, 'pageSize' | 'nextToken'>;
  readonly pageSize: number;
  readonly after?: PagePosition;
}

/**
 * The query for one page and one row more, which tells whether there is another page. It continues after a key instead of
 * skipping rows, so the thousandth page costs what the first one does. A label leads the query where one is asked for, so
 * that a rare label among many models is found by its index.
 */
export function pageQuery(request: PageRequest): { sql: string; values: SQLInputValue[] } {
  const { filter } = request;
  const labels = labelConditions(filter);
  const values: SQLInputValue[] = [];
  const conditions: string[] = [];
  const where = (condition: string, ...bound: SQLInputValue[]): void => {
    conditions.push(condition);
    values.push(...bound);
  };
  const lead = labels.length > 0 ? 'l0' : 'm';
  for (const [index, label] of labels.entries()) {
    where(`l${index}.kind = ? AND l${index}.key = ?`, label.kind, label.key);
    if (label.value !== undefined) where(`l${index}.value = ?`, label.value);
  }
  if (filter.name !== undefined) where(`${lead}.name = ?`, filter.name);
  if (filter.latest === true) where('m.rank = (SELECT min(rank) FROM models AS newest WHERE newest.name = m.name)');
  if (request.after !== undefined)
    where(`(${lead}.name, ${lead}.rank) > (?, ?)`, request.after.name, request.after.rank);
  // a name has one latest version, and SQLite sees that it need not sort only when told so
  const order = labels.length === 0 && filter.latest === true ? 'n.name' : `${lead}.name, ${lead}.rank`;
  return {
    sql: [
      'SELECT m.document AS document FROM',
      fromClause(labels.length, filter.latest === true),
      conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`,
      `ORDER BY ${order} LIMIT ${request.pageSize + 1}`,
    ].join(' '),
    values,
  };
}

/** CROSS JOIN, because SQLite then keeps the order of the tables as it stands here. */
function fromClause(labelCount: number, latest: boolean): string {
  if (labelCount === 0) {
    // by name first, so that the older versions of a name are not even looked at
    return latest ? 'names AS n CROSS JOIN models AS m ON m.name = n.name' : 'models AS m';
  }
  const joins = Array.from({ length: labelCount - 1 }, (_, index) => index + 1).map(
    (index) => `CROSS JOIN labels AS l${index} ON l${index}.name = l0.name AND l${index}.rank = l0.rank`,
  );
  return ['labels AS l0', ...joins, 'CROSS JOIN models AS m ON m.name = l0.name AND m.rank = l0.rank'].join(' ');
}

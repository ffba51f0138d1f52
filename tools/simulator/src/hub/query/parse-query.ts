import { parseExpression, parsePath } from './parse-condition.ts';
import type { AggregateName, Expression, Query, QuerySource, SelectItem } from './query-syntax.ts';
import { TokenReader } from './token-reader.ts';

const aggregates = ['COUNT', 'SUM', 'AVG', 'MIN', 'MAX'] as const;
const sources: readonly QuerySource[] = ['devices', 'devices.modules', 'devices.jobs'];

/**
 * Reads a query of IoT Hub's language: `SELECT [TOP n] * | columns FROM devices | devices.modules | devices.jobs
 * [WHERE condition] [GROUP BY expressions]`.
 *
 * @throws SimulatorError `SimulatorRequestInvalid` with the place
 */
export function parseQuery(text: string): Query {
  const reader = new TokenReader(text);
  reader.expect('SELECT');
  const top = reader.skip('TOP') ? parseTop(reader) : undefined;
  const select = reader.skipSymbol('*') ? undefined : parseColumns(reader);
  reader.expect('FROM');
  const from = parseSource(reader);
  const where = reader.skip('WHERE') ? parseExpression(reader) : undefined;
  const groupBy = reader.sees('GROUP') ? parseGrouping(reader) : [];
  if (reader.next.kind !== 'end') throw reader.unexpected('an operator, WHERE, GROUP BY or the end');
  checkGrouping(reader, select, groupBy);
  const relative = (expression: Expression) => withoutSource(expression, from);
  return {
    ...(top !== undefined && { top }),
    select: select?.map((item) =>
      item.expression === undefined ? item : { ...item, expression: relative(item.expression) },
    ),
    from,
    ...(where !== undefined && { where: relative(where) }),
    groupBy: groupBy.map(relative),
  };
}

function parseTop(reader: TokenReader): number {
  const { kind, text, at } = reader.take();
  const top = Number(text);
  if (kind !== 'number' || !Number.isInteger(top) || top < 1) {
    throw reader.failure(at, `TOP wants a whole number from 1, not "${text}"`);
  }
  return top;
}

function parseColumns(reader: TokenReader): SelectItem[] {
  const items: SelectItem[] = [];
  do items.push(parseColumn(reader, items.length));
  while (reader.skipSymbol(','));
  return items;
}

function parseColumn(reader: TokenReader, index: number): SelectItem {
  const { at, text } = reader.next;
  const isAggregate = reader.sees(...aggregates) && reader.seesCall;
  const column = isAggregate ? parseAggregate(reader) : { expression: parseExpression(reader) };
  if (reader.skip('AS')) {
    const { kind, text: alias } = reader.take();
    if (kind !== 'name' && kind !== 'quotedName') throw reader.failure(at, 'expected a name after AS');
    return { ...column, alias, at };
  }
  const { expression } = column;
  if (isAggregate) return { ...column, alias: `${text.toLowerCase()}${index === 0 ? '' : index}`, at };
  const alias = expression?.kind === 'path' ? expression.segments.at(-1) : undefined;
  return { ...column, alias: alias ?? `$${index + 1}`, at };
}

function parseAggregate(reader: TokenReader): { aggregate: AggregateName; expression?: Expression } {
  const { text, at } = reader.take();
  const aggregate = text.toUpperCase() as AggregateName;
  reader.expectSymbol('(');
  const isStar = aggregate === 'COUNT' && reader.skipSymbol('*');
  const expression = isStar || reader.seesSymbol(')') ? undefined : parseExpression(reader);
  reader.expectSymbol(')');
  if (expression === undefined && aggregate !== 'COUNT') throw reader.failure(at, `${aggregate} wants an expression`);
  return { aggregate, ...(expression !== undefined && { expression }) };
}

function parseSource(reader: TokenReader): QuerySource {
  const { kind, at } = reader.next;
  if (kind !== 'name') throw reader.unexpected(sources.join(' or '));
  const name = parsePath(reader).segments.join('.').toLowerCase();
  const source = sources.find((known) => known === name);
  if (source === undefined)
    throw reader.failure(at, `there is no collection "${name}"; there are ${sources.join(', ')}`);
  return source;
}

function parseGrouping(reader: TokenReader): Expression[] {
  reader.expect('GROUP');
  reader.expect('BY');
  const items: Expression[] = [];
  do items.push(parseExpression(reader));
  while (reader.skipSymbol(','));
  return items;
}

function checkGrouping(
  reader: TokenReader,
  select: readonly SelectItem[] | undefined,
  groupBy: readonly Expression[],
): void {
  const isGrouped = groupBy.length > 0 || select?.some((item) => item.aggregate !== undefined) === true;
  if (!isGrouped) return;
  const [first] = groupBy;
  if (select === undefined) throw reader.failure(first?.at ?? 0, 'SELECT * cannot be grouped: name the columns');
  const grouped = new Set(groupBy.map(textOf));
  for (const item of select) {
    if (item.aggregate === undefined && item.expression !== undefined && !grouped.has(textOf(item.expression))) {
      throw reader.failure(item.at, `the column "${item.alias}" is neither in GROUP BY nor an aggregate`);
    }
  }
}

/** Two expressions that compute the same have the same text. */
function textOf(expression: Expression): string {
  return JSON.stringify(expression, (key, value: unknown) => (key === 'at' ? undefined : value));
}

/** `devices.tags.x` means `tags.x`: the collection's name may stand before a member's. */
function withoutSource(expression: Expression, from: QuerySource): Expression {
  const inner = (child: Expression) => withoutSource(child, from);
  switch (expression.kind) {
    case 'literal':
      return expression;
    case 'path': {
      const prefix = from.split('.');
      const isPrefixed = prefix.every((segment, index) => expression.segments[index]?.toLowerCase() === segment);
      const isLonger = expression.segments.length > prefix.length;
      return isPrefixed && isLonger
        ? { ...expression, segments: expression.segments.slice(prefix.length) }
        : expression;
    }
    case 'array':
      return { ...expression, items: expression.items.map(inner) };
    case 'not':
    case 'negate':
      return { ...expression, operand: inner(expression.operand) };
    case 'binary':
      return { ...expression, left: inner(expression.left), right: inner(expression.right) };
    case 'in':
      return { ...expression, operand: inner(expression.operand), list: inner(expression.list) };
    default:
      return { ...expression, arguments: expression.arguments.map(inner) };
  }
}

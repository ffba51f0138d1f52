import Type from 'typebox';
import type { Static } from 'typebox';

/** What is kept of a request: what went into the model, and what came out. Both join on the request id and the row. */
export const collectionDesignations = ['inputs', 'predictions'] as const;

export type CollectionDesignation = (typeof collectionDesignations)[number];

/** How collected rows are written. */
export const collectionFormats = ['csv', 'jsonl', 'parquet'] as const;

export type CollectionFormat = (typeof collectionFormats)[number];

/** Why a request was kept: all are, its share of the rate, its luck in the reservoir, or that the model was not sure. */
export const samplingReasons = ['all', 'rate', 'reservoir', 'confidence'] as const;

export type SamplingReason = (typeof samplingReasons)[number];

/** What stands in place of a tensor, an image or a list that is too large to be kept. */
export const CollectedSummarySchema = Type.Object({
  /** A datatype of the Open Inference Protocol, `JSON` for a list of JSON numbers, `BINARY` for bytes such as an image. */
  datatype: Type.String(),
  shape: Type.Array(Type.Integer({ minimum: 0 })),
  /** Of the elements as little-endian bytes; of JSON numbers as 64-bit floating point. */
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  /** Of the finite elements; absent where there are none, or where bytes are no numbers. */
  min: Type.Optional(Type.Number()),
  max: Type.Optional(Type.Number()),
  mean: Type.Optional(Type.Number()),
  /** The standard deviation of the population. */
  std: Type.Optional(Type.Number()),
});

export type CollectedSummary = Static<typeof CollectedSummarySchema>;

/** One value of a row. Numbers are finite; others are the texts `NaN`, `Infinity` and `-Infinity`. Lists are JSON text. */
export const CollectedCellSchema = Type.Union([
  Type.Null(),
  Type.Boolean(),
  Type.Number(),
  Type.String(),
  CollectedSummarySchema,
]);

export type CollectedCell = Static<typeof CollectedCellSchema>;

/**
 * A collected row: a line of the JSON Lines. A request with several rows gives several lines. In CSV and Parquet the same stands in
 * columns, see {@link tableRowOf}.
 */
export const CollectedRowSchema = Type.Object(
  {
    requestId: Type.String(),
    /** What the caller calls the request; absent when it did not say. */
    correlationId: Type.Optional(Type.String()),
    /** When it was scored, ISO 8601 in UTC. */
    time: Type.String(),
    model: Type.String(),
    version: Type.String(),
    /** `web` (REST and gRPC), or `edge`. */
    host: Type.String(),
    /** Counts the rows of one request from 0. */
    row: Type.Integer({ minimum: 0 }),
    sampledBy: Type.Enum([...samplingReasons]),
    /** By feature or output. */
    values: Type.Record(Type.String(), CollectedCellSchema),
  },
  { $id: 'https://edgewright.dev/schemas/collected-row.json', title: 'a collected row, as it stands in JSON Lines' },
);

export type CollectedRow = Static<typeof CollectedRowSchema>;

type RowFact = Exclude<keyof CollectedRow, 'values'>;

/** The columns that stand before the values, by what they hold. */
export const collectionColumns: Readonly<Record<RowFact, string>> = {
  time: '$Timestamp',
  requestId: '$RequestId',
  correlationId: '$CorrelationId',
  model: '$Model',
  version: '$Version',
  host: '$Host',
  row: '$Row',
  sampledBy: '$SampledBy',
};

const facts = Object.entries(collectionColumns) as [RowFact, string][];

/** A row of a table: cells by column. */
export type TableRow = Readonly<Record<string, null | boolean | number | string>>;

/** A collected row as it stands in CSV and Parquet: facts in columns that begin with `$`, then the values; a summary as JSON text. */
export function tableRowOf(row: CollectedRow): TableRow {
  const table = new Map<string, null | boolean | number | string>(
    facts.map(([fact, column]) => [column, row[fact] ?? null]),
  );
  for (const [name, cell] of Object.entries(row.values)) {
    table.set(valueColumn(name), typeof cell === 'object' && cell !== null ? JSON.stringify(cell) : cell);
  }
  return Object.fromEntries(table);
}

/** The column of a value: its name, with one more `$` before a name that begins with one. */
export function valueColumn(name: string): string {
  return name.startsWith('$') ? `$${name}` : name;
}

/**
 * The way back from {@link tableRowOf}. What a CSV file gives are texts, and stay so but for the number of the row; a summary is
 * read from its text. Undefined when the columns of a collected row are missing.
 */
export function collectedRowOf(table: Readonly<Record<string, unknown>>): CollectedRow | undefined {
  const text = (fact: RowFact): string | undefined => {
    const cell = table[collectionColumns[fact]];
    return typeof cell === 'string' && cell !== '' ? cell : undefined;
  };
  const row = Number(table[collectionColumns.row]);
  const known = {
    requestId: text('requestId'),
    time: text('time'),
    model: text('model'),
    version: text('version'),
    host: text('host'),
    sampledBy: samplingReasons.find((reason) => reason === text('sampledBy')),
  };
  if (!Number.isSafeInteger(row) || Object.values(known).includes(undefined)) return undefined;
  const columns = new Set(facts.map(([, column]) => column));
  const values = Object.entries(table)
    .filter(([column]) => !columns.has(column))
    .map(([column, cell]) => [column.startsWith('$$') ? column.slice(1) : column, cellOf(cell)] as const);
  const correlationId = text('correlationId');
  return {
    ...(known as Omit<CollectedRow, 'row' | 'values'>),
    ...(correlationId === undefined ? {} : { correlationId }),
    row,
    values: Object.fromEntries(values),
  };
}

function cellOf(cell: unknown): CollectedCell {
  if (typeof cell === 'string' && cell.startsWith('{"datatype":')) {
    try {
      return JSON.parse(cell) as CollectedSummary;
    } catch {
      return cell;
    }
  }
  if (typeof cell === 'bigint') return Number(cell);
  return typeof cell === 'string' || typeof cell === 'number' || typeof cell === 'boolean' ? cell : null;
}

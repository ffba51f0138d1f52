import type { TableRow } from '@edgewright/contract';
import { parquetWriteBuffer } from 'hyparquet-writer';

type Kind = 'BOOLEAN' | 'DOUBLE' | 'STRING';

/** A Parquet file of rows: a column is of numbers or of booleans where all of its cells are, and of texts otherwise. */
export function parquetBytes(rows: readonly TableRow[], columns: readonly string[]): Uint8Array {
  const columnData = columns.map((name) => {
    const cells = rows.map((row) => (Object.hasOwn(row, name) ? (row[name] ?? null) : null));
    const type = kindOf(cells);
    return {
      name,
      type,
      nullable: true,
      data: cells.map((cell) => (cell === null || type !== 'STRING' ? cell : String(cell))),
    };
  });
  return new Uint8Array(parquetWriteBuffer({ columnData, createdBy: 'edgewright' }));
}

function kindOf(cells: readonly (null | boolean | number | string)[]): Kind {
  const kinds = new Set(cells.filter((cell) => cell !== null).map((cell) => typeof cell));
  if (kinds.size !== 1) return 'STRING';
  return kinds.has('number') ? 'DOUBLE' : kinds.has('boolean') ? 'BOOLEAN' : 'STRING';
}

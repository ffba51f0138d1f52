import { ContractError, describeCategories, describeNumbers } from '@edgewright/contract';
import type { FeatureBaseline, FeatureIdentity, ModelSignature } from '@edgewright/contract';
import { categoryText, inputFeatures, outputFeatures, rowWidth, valueIn } from '@edgewright/drift';
import type { RowView, TensorFeature } from '@edgewright/drift';
import type { TableRow } from './read-table.ts';

/** Values of all features together; 160 MB of numbers. */
const MAX_VALUES = 20_000_000;
/** What stands in a cell without a value, beside nothing at all. */
const NO_VALUE = /^(na|n\/a|nan|null|none)?$/i;

/** What a column of a table gives: a feature, and the values that were read of it. */
interface FeatureColumn {
  readonly feature: TensorFeature;
  numbers: Float64Array;
  readonly categories: Map<string, number>;
  missing: number;
}

export interface FeatureColumnsOptions {
  /** The table, for messages. */
  readonly file: string;
  readonly side: 'input' | 'output';
  /** What the model takes and gives; without it each column is a feature. */
  readonly signature: ModelSignature | undefined;
  /** Columns that are no features. */
  readonly excluded: readonly string[];
}

/** The features of a table, gathered row by row. */
export class FeatureColumns {
  readonly #options: FeatureColumnsOptions;
  #columns: readonly FeatureColumn[] = [];
  #view: (row: TableRow) => RowView = (named) => ({ named });
  #rows = 0;

  constructor(options: FeatureColumnsOptions) {
    this.#options = options;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Of a feature that is a number its values, row by row; NaN where it is missing. */
  get numbers(): readonly { readonly feature: FeatureIdentity; readonly values: Float64Array | undefined }[] {
    return this.#columns.map(({ feature, numbers }) => ({
      feature,
      values: feature.kind === 'numeric' ? numbers.subarray(0, this.#rows) : undefined,
    }));
  }

  /** @throws ContractError `InvalidDocument` for columns that do not fit, and cells that are no numbers */
  add(row: TableRow): void {
    if (this.#rows === 0) this.#begin(row);
    const view = this.#view(row);
    for (const [place, column] of this.#columns.entries()) this.#take(column, { view, place });
    this.#rows += 1;
    if (this.#rows * this.#columns.length > MAX_VALUES) {
      throw this.#refused(
        `it has more than ${MAX_VALUES} values in ${this.#columns.length} features; give a sample of its rows`,
      );
    }
  }

  /** What the values look like. Features without any value are left out. */
  describe(): FeatureBaseline[] {
    return this.#columns.flatMap(({ feature: { kind, ...feature }, numbers, categories, missing }) => {
      const described =
        kind === 'numeric'
          ? describeNumbers(feature, numbers.subarray(0, this.#rows))
          : describeCategories(feature, categories, missing);
      return described ?? [];
    });
  }

  #begin(row: TableRow): void {
    const { excluded, signature, side } = this.#options;
    const unknown = excluded.filter((name) => !(name in row));
    if (unknown.length > 0)
      throw this.#refused(`it has no column "${unknown[0]}"; its columns are ${Object.keys(row).join(', ')}`);
    const names = Object.keys(row).filter((name) => !excluded.includes(name));
    const specs = side === 'input' ? signature?.inputs : signature?.outputs;
    const features =
      specs === undefined ? names.map((name) => ({ name, kind: kindOf(row[name]) })) : this.#match(names, specs, row);
    this.#columns = features.map((feature) => ({
      feature,
      numbers: new Float64Array(1024),
      categories: new Map(),
      missing: 0,
    }));
  }

  /** Columns by the names of inputs, or else in their order. */
  #match(names: readonly string[], specs: ModelSignature['inputs'], row: TableRow): readonly TensorFeature[] {
    const features = specs.flatMap((spec) =>
      this.#options.side === 'input' ? inputFeatures(spec) : outputFeatures(spec),
    );
    const isNamed = specs.every(
      (spec) => names.includes(spec.name) && (rowWidth(spec) === 1 || Array.isArray(row[spec.name])),
    );
    if (isNamed) {
      this.#view = flattened;
      return features;
    }
    // one column for several scores is the class
    const wanted = names.length === 1 ? features.filter(({ summary }) => summary !== 'confidence') : features;
    if (wanted.length !== names.length || wanted.some(({ summary }) => summary !== undefined && summary !== 'class')) {
      throw this.#refused(this.#mismatch(names, specs));
    }
    return wanted.map((feature, place) => ({ ...feature, name: names[place] ?? feature.name }));
  }

  #mismatch(names: readonly string[], specs: ModelSignature['inputs']): string {
    const { side } = this.#options;
    const width = specs
      .map((spec) => `"${spec.name}" has ${rowWidth(spec) ?? 'an open number of'} values a row`)
      .join(', ');
    const columns = `${names.slice(0, 30).join(', ')}${names.length > 30 ? ', …' : ''}`;
    const advice =
      side === 'input'
        ? 'name columns that are no features with --target COLUMN, give a column for each value in the order of the model, or columns named after the inputs'
        : 'give a column for each output, named after it or in the order of the model';
    return `the ${side}s of the model do not fit its ${names.length} columns (${columns}): ${width}; ${advice}`;
  }

  #take(column: FeatureColumn, { view, place }: { readonly view: RowView; readonly place: number }): void {
    const { feature } = column;
    const cell = view.named?.[feature.name];
    const isAbsent = cell === null || cell === undefined || (typeof cell === 'string' && NO_VALUE.test(cell.trim()));
    // a column of its own wins over the list of a tensor
    const value =
      feature.name in (view.named ?? {})
        ? isAbsent
          ? undefined
          : ownValue(cell, feature.kind)
        : valueIn(view, feature, place);
    if (feature.kind === 'categorical') {
      if (value === undefined) column.missing += 1;
      else column.categories.set(String(value), (column.categories.get(String(value)) ?? 0) + 1);
      return;
    }
    if (value === undefined && !isAbsent) {
      throw this.#refused(`in row ${this.#rows + 1} the column "${feature.name}" is ${JSON.stringify(cell)}, which is no number; leave the cell empty where there is no value`); // prettier-ignore
    }
    if (this.#rows >= column.numbers.length) column.numbers = grown(column.numbers);
    column.numbers[this.#rows] = typeof value === 'number' ? value : Number.NaN;
  }

  #refused(reason: string): ContractError {
    const { file, side } = this.#options;
    return new ContractError('InvalidDocument', `cannot take the baseline of the ${side}s from "${file}": ${reason}`, {
      details: { file, side },
    });
  }
}

/** Without a model that says it, what the first cell looks like. */
function kindOf(cell: unknown): FeatureBaseline['kind'] {
  if (typeof cell === 'number' || typeof cell === 'bigint') return 'numeric';
  if (typeof cell !== 'string') return cell === null || cell === undefined ? 'numeric' : 'categorical';
  return Number.isNaN(Number(cell)) ? 'categorical' : 'numeric';
}

/** Lists of lists, such as the lines of an image, one after the other. */
function flattened(row: TableRow): RowView {
  const cells = Object.entries(row).map(([name, cell]) => [name, Array.isArray(cell) ? cell.flat(Infinity) : cell]);
  return { named: Object.fromEntries(cells) };
}

function ownValue(cell: unknown, kind: FeatureBaseline['kind']): number | string | undefined {
  if (kind === 'categorical') return categoryText(cell);
  const number = typeof cell === 'object' ? Number.NaN : Number(cell);
  return Number.isNaN(number) ? undefined : number;
}

function grown(numbers: Float64Array): Float64Array {
  const larger = new Float64Array(numbers.length * 2);
  larger.set(numbers);
  return larger;
}

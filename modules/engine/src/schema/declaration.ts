import type { Datatype } from '@edgewright/contract';
import type { Tensor } from '../tensor.ts';

// What an entry script writes to say what it takes and gives. Plain data: a script imports nothing at run time for it, and
// so it loads in the same way from a folder, from a bundle and inside an image.

/** An array of elements of one type, from a sample: Azure ML's `NumpyParameterType`. `run` gets a {@link Tensor}. */
export interface NdarrayDeclaration extends DeclarationOptions {
  /** A nested array. The sizes of its inner dimensions are held to, the first is free. */
  readonly ndarray: unknown;
  /** Default: what the sample suggests, by NumPy's rule: whole numbers INT64, others FP64, booleans BOOL, strings BYTES. */
  readonly datatype?: Datatype;
  /** False: any shape is taken. Default true. */
  readonly enforceShape?: boolean;
  /** False: the data choose their type as a sample would. Default true. */
  readonly enforceTypes?: boolean;
}

/** Forms in which a table is sent; pandas' names. `run` gets rows, whatever form they came in. */
export type TableForm = 'records' | 'split' | 'index' | 'columns' | 'values' | 'table';

/** Rows with named columns, from a sample: Azure ML's `PandasParameterType`. `run` gets an array of row objects. */
export interface RecordsDeclaration<Row = Readonly<Record<string, unknown>>> extends DeclarationOptions {
  /** Sample rows, at least one. */
  readonly records: readonly Row[];
  /** The form in which callers send it. Default `records`: an array of objects. */
  readonly orient?: TableForm;
  /** Columns whose type the sample does not show, such as `{ weight: 'FP64' }` beside a whole number. */
  readonly types?: Readonly<Partial<Record<string, Datatype>>>;
  /** False: columns may be missing, and others may come with them. Default true. */
  readonly enforceShape?: boolean;
  /** False: values are taken as they come. Default true. */
  readonly enforceTypes?: boolean;
}

/** Any JSON value like the sample: Azure ML's `StandardPythonParameterType`. A `Date` is sent as ISO 8601, bytes as base64. */
export interface StandardDeclaration<Sample = unknown> extends DeclarationOptions {
  readonly standard: Sample;
  /** For one number: its type, when the sample does not show it, such as `{ standard: 0, datatype: 'FP64' }`. */
  readonly datatype?: Datatype;
}

/** An object of which each property has a declaration of its own. A bare object of declarations means the same. */
export interface ObjectDeclaration<Properties = DeclaredProperties> extends DeclarationOptions {
  readonly object: Properties;
}

export interface DeclarationOptions {
  /** True: may be absent, and is `undefined` then. Default false. */
  readonly optional?: boolean;
  /** False: checked, but given to `run` as it came. Default true. */
  readonly convert?: boolean;
}

export type LeafDeclaration = NdarrayDeclaration | RecordsDeclaration | StandardDeclaration | ObjectDeclaration;

export interface DeclaredProperties {
  readonly [name: string]: Declaration;
}

/** What an entry script exports as `input` or `output`. */
export type Declaration = LeafDeclaration | DeclaredProperties;

type Widened<Value> = Value extends string
  ? string
  : Value extends number
    ? number
    : Value extends boolean
      ? boolean
      : Value extends Date | Uint8Array | null
        ? Value
        : Value extends readonly (infer Item)[]
          ? Widened<Item>[]
          : Value extends object
            ? { -readonly [Name in keyof Value]: Widened<Value[Name]> }
            : Value;

type OptionalNames<Properties> = {
  [Name in keyof Properties]: Properties[Name] extends { readonly optional: true } ? Name : never;
}[keyof Properties];

type PropertiesOf<Properties> = {
  [Name in Exclude<keyof Properties, OptionalNames<Properties>>]: InputOf<Properties[Name]>;
} & { [Name in OptionalNames<Properties>]?: InputOf<Properties[Name]> };

/** The type of what `run` gets for a declaration: `run(data: InputOf<typeof input>)`. */
export type InputOf<Declared> = Declared extends { readonly convert: false }
  ? unknown
  : Declared extends { readonly ndarray: unknown }
    ? Tensor
    : Declared extends { readonly records: readonly (infer Row)[] }
      ? Widened<Row>[]
      : Declared extends { readonly standard: infer Sample }
        ? Widened<Sample>
        : Declared extends { readonly object: infer Properties }
          ? PropertiesOf<Properties>
          : PropertiesOf<Declared>;

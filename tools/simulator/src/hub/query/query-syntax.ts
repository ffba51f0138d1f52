/** Where something begins in the text of a query: characters from 0. */
interface Placed {
  readonly at: number;
}

export type ComparisonOperator = '=' | '!=' | '<' | '<=' | '>' | '>=';
export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%';

/** An expression of IoT Hub's query language. */
export type Expression =
  | (Placed & { readonly kind: 'literal'; readonly value: string | number | boolean | null })
  /** A member of the document, such as `tags.place.floor`. */
  | (Placed & { readonly kind: 'path'; readonly segments: readonly string[] })
  | (Placed & { readonly kind: 'array'; readonly items: readonly Expression[] })
  | (Placed & { readonly kind: 'not' | 'negate'; readonly operand: Expression })
  | (Placed & {
      readonly kind: 'binary';
      readonly operator: ComparisonOperator | ArithmeticOperator | 'AND' | 'OR';
      readonly left: Expression;
      readonly right: Expression;
    })
  | (Placed & {
      readonly kind: 'in';
      readonly operand: Expression;
      readonly list: Expression;
      readonly negated: boolean;
    })
  /** `name` is in upper case and one of the known functions. */
  | (Placed & { readonly kind: 'call'; readonly name: string; readonly arguments: readonly Expression[] });

export type AggregateName = 'COUNT' | 'SUM' | 'AVG' | 'MIN' | 'MAX';

/** One column of what a query gives. */
export interface SelectItem {
  /** The name of the member that it becomes. */
  readonly alias: string;
  /** What is computed over a group; absent for a plain expression. */
  readonly aggregate?: AggregateName;
  /** Absent only for `COUNT()`. */
  readonly expression?: Expression;
  readonly at: number;
}

export type QuerySource = 'devices' | 'devices.modules' | 'devices.jobs';

export interface Query {
  /** At most so many results, when it is said. */
  readonly top?: number;
  /** Undefined for `*`. */
  readonly select: readonly SelectItem[] | undefined;
  readonly from: QuerySource;
  readonly where?: Expression;
  readonly groupBy: readonly Expression[];
}

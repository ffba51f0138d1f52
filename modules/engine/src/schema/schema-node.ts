import type { Datatype } from '@edgewright/contract';
import type { TableForm } from './declaration.ts';

/** A declaration, read: what is wanted at one place of a request. */
export type SchemaNode = NdarrayNode | TableNode | ScalarNode | ListNode | ObjectNode | AnyNode;

interface CommonNode {
  readonly optional: boolean;
  /** False: checked, not converted. */
  readonly convert: boolean;
  /** The sample, as a caller would write it in JSON. */
  readonly example: unknown;
}

export interface NdarrayNode extends CommonNode {
  readonly kind: 'ndarray';
  readonly datatype: Datatype;
  /** Of the sample; the first dimension is free. */
  readonly shape: readonly number[];
  readonly enforceShape: boolean;
  readonly enforceTypes: boolean;
}

export interface TableNode extends CommonNode {
  readonly kind: 'table';
  readonly form: TableForm;
  readonly columns: ReadonlyMap<string, SchemaNode>;
  readonly enforceShape: boolean;
  readonly enforceTypes: boolean;
}

export interface ScalarNode extends CommonNode {
  readonly kind: 'scalar';
  /** A datatype for numbers, booleans and text; a date or base64 text otherwise. */
  readonly type: Datatype | 'DATE' | 'BASE64';
}

export interface ListNode extends CommonNode {
  readonly kind: 'list';
  /** What items may be: one form, several when the sample's items differ, none when the sample is empty. */
  readonly items: readonly SchemaNode[];
}

export interface ObjectNode extends CommonNode {
  readonly kind: 'object';
  readonly properties: ReadonlyMap<string, SchemaNode>;
}

/** A sample that says nothing: `null`. */
export interface AnyNode extends CommonNode {
  readonly kind: 'any';
}

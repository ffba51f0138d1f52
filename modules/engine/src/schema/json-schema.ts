import type { Datatype } from '@edgewright/contract';
import type { NdarrayNode, ObjectNode, ScalarNode, SchemaNode, TableNode } from './schema-node.ts';

/** A JSON Schema, in the part that Swagger 2.0 and OpenAPI 3 have in common; `oneOf` only OpenAPI 3 has. */
export interface JsonSchema {
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly items?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly required?: readonly string[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly enum?: readonly unknown[];
  readonly example?: unknown;
}

// the types and formats of Azure ML's inference-schema
const ELEMENTS: Readonly<Record<ScalarNode['type'], JsonSchema>> = {
  BOOL: { type: 'boolean' },
  UINT8: { type: 'integer', format: 'uint8' },
  UINT16: { type: 'integer', format: 'uint16' },
  UINT32: { type: 'integer', format: 'uint32' },
  UINT64: { type: 'integer', format: 'uint64' },
  INT8: { type: 'integer', format: 'int8' },
  INT16: { type: 'integer', format: 'int16' },
  INT32: { type: 'integer', format: 'int32' },
  INT64: { type: 'integer', format: 'int64' },
  FP16: { type: 'number', format: 'float' },
  BF16: { type: 'number', format: 'float' },
  FP32: { type: 'number', format: 'float' },
  FP64: { type: 'number', format: 'double' },
  BYTES: { type: 'string' },
  DATE: { type: 'string', format: 'date-time' },
  BASE64: { type: 'string', format: 'byte' },
};

// larger examples help nobody, and a picture's would be megabytes
const MAX_EXAMPLE_ELEMENTS = 256;

/** The schema of an element of a tensor. */
export function elementSchema(datatype: Datatype): JsonSchema {
  return ELEMENTS[datatype];
}

/** The schema of a nested array; -1 is a dimension of any size. */
export function arraySchema(shape: readonly number[], element: JsonSchema): JsonSchema {
  const [size, ...inner] = shape;
  if (size === undefined) return element;
  const bounds = size >= 0 ? { minItems: size, maxItems: size } : {};
  return { type: 'array', ...bounds, items: arraySchema(inner, element) };
}

/** The JSON Schema of a declaration, with its sample as the example. */
export function jsonSchemaOf(node: SchemaNode): JsonSchema {
  const schema = bareSchema(node);
  return countOf(node.example) > MAX_EXAMPLE_ELEMENTS ? schema : { ...schema, example: node.example };
}

/** True when a schema needs what only OpenAPI 3 has. */
export function needsOpenApi3(schema: JsonSchema): boolean {
  if (schema.oneOf !== undefined) return true;
  const { items, properties, additionalProperties } = schema;
  const inner = [...Object.values(properties ?? {}), ...(items === undefined ? [] : [items])];
  if (typeof additionalProperties === 'object') inner.push(additionalProperties);
  return inner.some(needsOpenApi3);
}

function bareSchema(node: SchemaNode): JsonSchema {
  switch (node.kind) {
    case 'any':
      // no type: whatever JSON there is
      return {};
    case 'scalar':
      return ELEMENTS[node.type];
    case 'ndarray':
      return ndarraySchema(node);
    case 'table':
      return tableSchema(node);
    case 'list':
      return { type: 'array', items: itemsSchema(node.items.map(bareSchema)) };
    default:
      return objectSchema(node);
  }
}

function objectSchema({ properties }: ObjectNode): JsonSchema {
  const required = [...properties].filter(([, each]) => !each.optional).map(([name]) => name);
  return {
    type: 'object',
    ...(required.length === 0 ? {} : { required }),
    properties: Object.fromEntries([...properties].map(([name, each]) => [name, jsonSchemaOf(each)])),
  };
}

function itemsSchema(items: readonly JsonSchema[]): JsonSchema {
  const [only] = items;
  return items.length > 1 ? { oneOf: items } : (only ?? {});
}

function ndarraySchema({ shape, datatype, enforceShape, enforceTypes }: NdarrayNode): JsonSchema {
  const element = enforceTypes ? ELEMENTS[datatype] : {};
  const [, ...inner] = shape;
  const wanted = enforceShape ? [-1, ...inner] : shape.map(() => -1);
  return shape.length === 0 ? element : { ...arraySchema(wanted, element), format: 'numpy.ndarray' };
}

function tableSchema({ columns, form, enforceShape, enforceTypes }: TableNode): JsonSchema {
  const cell = (column: SchemaNode): JsonSchema => (enforceTypes ? bareSchema(column) : {});
  const required = enforceShape ? [...columns].filter(([, each]) => !each.optional).map(([name]) => name) : [];
  const row: JsonSchema = {
    type: 'object',
    ...(required.length === 0 ? {} : { required }),
    properties: Object.fromEntries([...columns].map(([name, column]) => [name, cell(column)])),
  };
  const names: JsonSchema = { type: 'array', items: { type: 'string' } };
  // rows of several types: only OpenAPI 3 could say which, and that not by their order
  const values: JsonSchema = { type: 'array', items: { type: 'array', minItems: columns.size, maxItems: columns.size, items: {} } }; // prettier-ignore
  const forms: Readonly<Record<TableNode['form'], JsonSchema>> = {
    records: { type: 'array', items: row },
    index: { type: 'object', additionalProperties: row },
    values,
    split: { type: 'object', required: ['columns', 'data'], properties: { columns: names, index: { type: 'array', items: {} }, data: values } }, // prettier-ignore
    columns: { type: 'object', properties: Object.fromEntries([...columns].map(([name, column]) => [name, { type: 'object', additionalProperties: cell(column) }])) }, // prettier-ignore
    table: { type: 'object', required: ['data'], properties: { schema: { type: 'object' }, data: { type: 'array', items: row } } }, // prettier-ignore
  };
  return { ...forms[form], format: `pandas.DataFrame:${form}` };
}

function countOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  let count = 0;
  for (const item of Object.values(value) as unknown[]) count += countOf(item);
  return count;
}

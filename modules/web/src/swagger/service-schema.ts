import type { Datatype, TensorSpec } from '@edgewright/contract';
import type { EngineDescription } from '@edgewright/engine';

/** A JSON Schema, in the part that Swagger 2.0 and OpenAPI 3 have in common. */
export interface SchemaObject {
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly items?: SchemaObject;
  readonly properties?: Readonly<Record<string, SchemaObject>>;
  readonly required?: readonly string[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly enum?: readonly unknown[];
  readonly example?: unknown;
}

/** What a service takes and gives. */
export interface ServiceSchema {
  readonly input: SchemaObject;
  readonly output: SchemaObject;
}

// the formats that Azure ML's schema generator writes for element types
const ELEMENTS: Readonly<Record<Datatype, SchemaObject>> = {
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
};

// larger examples help nobody, and a picture's would be megabytes
const MAX_EXAMPLE_ELEMENTS = 64;

/** The schema of a service without an entry script: what the model's signature says. With one, any object. */
export function serviceSchema(description: EngineDescription): ServiceSchema {
  const [model, ...others] = description.models;
  if (description.entryScript || model === undefined || others.length > 0) {
    return { input: { type: 'object', example: {} }, output: { type: 'object', example: {} } };
  }
  const { inputs, outputs } = model.signature;
  const [only] = inputs;
  if (only !== undefined && inputs.length === 1) {
    return {
      input: objectOf({ data: tensorSchema(only) }),
      output: objectOf({ predictions: predictions(outputs) }),
    };
  }
  return {
    input: objectOf({ inputs: objectOf(schemasOf(inputs)) }),
    output: objectOf({ outputs: objectOf(schemasOf(outputs)) }),
  };
}

function predictions(outputs: readonly TensorSpec[]): SchemaObject {
  const [only] = outputs;
  return only !== undefined && outputs.length === 1 ? tensorSchema(only) : objectOf(schemasOf(outputs));
}

function schemasOf(specs: readonly TensorSpec[]): Record<string, SchemaObject> {
  return Object.fromEntries(specs.map((spec) => [spec.name, tensorSchema(spec)]));
}

/** An object of which every property is needed; its example is put together from theirs. */
function objectOf(properties: Readonly<Record<string, SchemaObject>>): SchemaObject {
  const examples = Object.entries(properties).map(([name, schema]) => [name, schema.example]);
  const whole = examples.every(([, example]) => example !== undefined);
  return {
    type: 'object',
    required: Object.keys(properties),
    properties,
    ...(whole ? { example: Object.fromEntries(examples) as unknown } : {}),
  };
}

function tensorSchema(spec: TensorSpec): SchemaObject {
  const schema = arraySchema(spec.shape, ELEMENTS[spec.datatype]);
  const size = spec.shape.reduce((product, dimension) => product * Math.max(1, dimension), 1);
  if (size > MAX_EXAMPLE_ELEMENTS) return schema;
  return { ...schema, example: exampleOf(spec.shape, elementExample(spec.datatype)) };
}

function arraySchema(shape: readonly number[], element: SchemaObject): SchemaObject {
  const [size, ...inner] = shape;
  if (size === undefined) return element;
  const bounds = size >= 0 ? { minItems: size, maxItems: size } : {};
  return { type: 'array', ...bounds, items: arraySchema(inner, element) };
}

function exampleOf(shape: readonly number[], element: unknown): unknown {
  const [size, ...inner] = shape;
  if (size === undefined) return element;
  return Array.from({ length: size === -1 ? 1 : size }, () => exampleOf(inner, element));
}

function elementExample(datatype: Datatype): unknown {
  if (datatype === 'BOOL') return false;
  return datatype === 'BYTES' ? '' : 0;
}

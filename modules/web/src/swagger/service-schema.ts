import { arraySchema, elementSchema } from '@edgewright/engine';
import type { EngineDescription, JsonSchema } from '@edgewright/engine';
import type { Datatype, TensorSpec } from '@edgewright/contract';

/** What a service takes and gives. */
export interface ServiceSchema {
  readonly input: JsonSchema;
  readonly output: JsonSchema;
  /** True when the file of an image can be sent instead. */
  readonly images?: boolean;
}

// larger examples help nobody, and a picture's would be megabytes
const MAX_EXAMPLE_ELEMENTS = 64;
/** Of what nothing is known. Azure ML's. */
const ANY_OBJECT: JsonSchema = { type: 'object', example: {} };

/** What an entry script declares; without one, what the model's signature says; any object where neither says something. */
export function serviceSchema(description: EngineDescription): ServiceSchema {
  const schema = jsonSchemaOf(description);
  return description.images === true && !description.entryScript ? { ...schema, images: true } : schema;
}

function jsonSchemaOf({ entryScript, script, models, classes }: EngineDescription): ServiceSchema {
  const [model, ...others] = models;
  if (entryScript) return { input: script?.input ?? ANY_OBJECT, output: script?.output ?? ANY_OBJECT };
  if (model === undefined || others.length > 0) return { input: ANY_OBJECT, output: ANY_OBJECT };
  const { inputs, outputs } = model.signature;
  const [only] = inputs;
  if (only !== undefined && inputs.length === 1) {
    return {
      input: objectOf({ data: tensorSchema(only) }),
      output: classes === undefined ? objectOf({ predictions: predictions(outputs) }) : ANY_OBJECT,
    };
  }
  return {
    input: objectOf({ inputs: objectOf(schemasOf(inputs)) }),
    output: objectOf({ outputs: objectOf(schemasOf(outputs)) }),
  };
}

function predictions(outputs: readonly TensorSpec[]): JsonSchema {
  const [only] = outputs;
  return only !== undefined && outputs.length === 1 ? tensorSchema(only) : objectOf(schemasOf(outputs));
}

function schemasOf(specs: readonly TensorSpec[]): Record<string, JsonSchema> {
  return Object.fromEntries(specs.map((spec) => [spec.name, tensorSchema(spec)]));
}

/** An object of which every property is needed; its example is put together from theirs. */
function objectOf(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const examples = Object.entries(properties).map(([name, schema]) => [name, schema.example]);
  const whole = examples.every(([, example]) => example !== undefined);
  return {
    type: 'object',
    // an empty list would be no schema
    ...(examples.length === 0 ? {} : { required: Object.keys(properties) }),
    properties,
    ...(whole ? { example: Object.fromEntries(examples) as unknown } : {}),
  };
}

function tensorSchema(spec: TensorSpec): JsonSchema {
  const array = arraySchema(spec.shape, elementSchema(spec.datatype));
  // of no row nobody can tell how long it would be
  const schema = spec.shape.length > 1 && spec.shape[0] === -1 ? { ...array, minItems: 1 } : array;
  const size = spec.shape.reduce((product, dimension) => product * Math.max(1, dimension), 1);
  if (size > MAX_EXAMPLE_ELEMENTS) return schema;
  return { ...schema, example: exampleOf(spec.shape, elementExample(spec.datatype)) };
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

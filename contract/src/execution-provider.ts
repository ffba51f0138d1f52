import Type from 'typebox';
import type { Static } from 'typebox';
import { checkDocument } from './document.ts';
import { parseJson } from './parse-json.ts';

const NAME = { pattern: '^[a-z][a-z0-9]*$', description: "a provider's name, such as cuda, tensorrt, webgpu or cpu" };

/** An execution provider of ONNX Runtime: its name, or its name with options that go to the runtime as they are. */
export const ExecutionProviderSchema = Type.Union([
  Type.String(NAME),
  Type.Object({ name: Type.String(NAME) }, { additionalProperties: true }),
]);

export const ExecutionProvidersSchema = Type.Array(ExecutionProviderSchema, {
  minItems: 1,
  maxItems: 16,
  description:
    'execution providers of ONNX Runtime for the backend onnx, the preferred one first, each a name or an object with ' +
    'name and options; default cpu',
});

export type ExecutionProvider = Static<typeof ExecutionProviderSchema>;

/**
 * Reads providers as command lines and environment variables have them: names with commas, `cuda,cpu`, or a JSON array
 * where there are options.
 *
 * @param source where it stands, for the message: `--execution-providers`
 * @throws ContractError `InvalidJson`, `InvalidDocument`
 */
export function parseExecutionProviders(text: string, source: string): ExecutionProvider[] {
  const value = text.trimStart().startsWith('[') ? parseJson(text, source) : text.split(',').map((name) => name.trim());
  return checkDocument(ExecutionProvidersSchema, value, source);
}

import Type from 'typebox';
import type { Static } from 'typebox';
import { ContractError } from './errors/contract-error.ts';

/** The backends that a scorer may be told to use; `auto` lets it choose by platform, model and what loads. */
export const backends = ['auto', 'onnx', 'wasm', 'tfjs', 'fpga'] as const;

export type Backend = (typeof backends)[number];

const named = backends.filter((name) => name !== 'auto');

/**
 * What runs the models: `auto`; a backend by name, which is taken or refused; or several, of which the first that can run
 * is taken. Only who names several allows another than the first.
 */
export const BackendChoiceSchema = Type.Union(
  [
    Type.Enum([...backends]),
    Type.Array(Type.Enum(named), { minItems: 1, uniqueItems: true, description: 'the first that can run is taken' }),
  ],
  {
    description:
      'what runs the model: auto (default), a backend, or a list of backends of which the first that can run is taken',
  },
);

export type BackendChoice = Static<typeof BackendChoiceSchema>;

/**
 * Reads a choice as command lines and environment variables have it: `auto`, `onnx`, or `onnx,wasm`.
 *
 * @param source where it stands, for the message: `--backend`
 * @throws ContractError `InvalidReference`
 */
export function parseBackendChoice(text: string, source: string): BackendChoice {
  const names = text.split(',').map((name) => name.trim());
  const [only] = names;
  const single = backends.find((name) => name === only);
  if (names.length === 1 && single !== undefined) return single;
  const list = names.flatMap((text_) => named.filter((name) => name === text_));
  if (list.length === names.length && new Set(list).size === list.length) return list;
  throw new ContractError(
    'InvalidReference',
    `${source} is ${JSON.stringify(text)}: expected ${backends.join(', ')}, or several of ${named.join(', ')} with commas, each once`,
    { details: { source, value: text, backends } },
  );
}

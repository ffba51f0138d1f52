import Type from 'typebox';
import type { Static } from 'typebox';
import { BackendChoiceSchema } from './backend-choice.ts';
import { checkDocument } from './document.ts';
import { ExecutionProvidersSchema } from './execution-provider.ts';
import { parseJson } from './parse-json.ts';
import { BatchingSchema } from './scoring-settings.ts';

/** Where requests run; `auto` lets the engine measure and choose. */
export const executionChoices = ['auto', 'inline', 'worker', 'process'] as const;

const Count = (description: string) => Type.Optional(Type.Integer({ minimum: 1, maximum: 256, description }));

/**
 * How an engine runs its models on a machine: what `edgewright tune` finds out, and what the desired properties of an edge
 * module, a deployment configuration and `EDGEWRIGHT_ENGINE` take. What is left out stays as the image has it.
 */
export const EngineSettingsSchema = Type.Object(
  {
    backend: Type.Optional(BackendChoiceSchema),
    executionProviders: Type.Optional(ExecutionProvidersSchema),
    execution: Type.Optional(
      Type.Enum([...executionChoices], {
        description:
          "where requests run: auto (default), inline (the host's own thread), worker (threads) or process (child processes)",
      }),
    ),
    workers: Count('workers or processes; default 1'),
    threads: Count('threads that one run may use; default: the processors divided by the workers'),
    batching: Type.Optional(BatchingSchema),
  },
  {
    additionalProperties: false,
    description: 'how the engine runs its models; edgewright tune finds out what is best',
  },
);

export type EngineSettings = Static<typeof EngineSettingsSchema>;

/**
 * Reads engine settings as an environment variable has them, a JSON object.
 *
 * @param source where it stands, for the message
 * @throws ContractError `InvalidJson`, `InvalidDocument`
 */
export function parseEngineSettings(text: string, source: string): EngineSettings {
  return checkDocument(EngineSettingsSchema, parseJson(text, source), source);
}

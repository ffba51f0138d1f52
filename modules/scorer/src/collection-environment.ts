import { messageOf, parseJson, checkDocument, CollectionSchema } from '@edgewright/contract';
import type { CollectionSettings } from '@edgewright/contract';
import { secretOf } from './read-secret.ts';
import type { Secret } from './read-secret.ts';
import { ScorerError } from './scorer-error.ts';
import type { Variables } from './whole-number.ts';

/** What the environment says of the collection of inputs and predictions. */
export interface CollectionEnvironment {
  /** Undefined: nothing is collected, unless the twin of an edge module asks for it. */
  readonly settings: CollectionSettings | undefined;
  /** What lets it write to Azure Blob Storage: a connection string, or a shared access signature. */
  readonly credential: Secret | undefined;
  /** The key of the hashes that take the place of fields. */
  readonly hashKey: Secret | undefined;
}

/**
 * Reads the variables of the collection: Azure ML's switch, the settings as JSON, and a folder as their short form. Settings without the
 * switch are switched on.
 *
 * @throws ScorerError `EnvironmentInvalid`
 */
export function readCollectionEnvironment(variables: Variables): CollectionEnvironment {
  const folder = variables['EDGEWRIGHT_COLLECT_FOLDER'] || undefined;
  const written = readSettings(variables);
  const isOn = readSwitch(variables) ?? (written !== undefined || folder !== undefined);
  return {
    settings: isOn ? { ...written, ...(folder === undefined ? {} : { folder }) } : undefined,
    credential: secretOf(variables, 'EDGEWRIGHT_COLLECT_CREDENTIAL'),
    hashKey: secretOf(variables, 'EDGEWRIGHT_COLLECT_HASH_KEY'),
  };
}

function readSwitch(variables: Variables): boolean | undefined {
  const name = 'AML_MODEL_DC_STORAGE_ENABLED';
  const text = variables[name]?.toLowerCase();
  if (text === undefined || text === '') return undefined;
  if (text === 'true' || text === 'false') return text === 'true';
  throw invalid(name, text, 'expected true or false');
}

function readSettings(variables: Variables): CollectionSettings | undefined {
  const name = 'EDGEWRIGHT_COLLECTION';
  const text = variables[name];
  if (text === undefined || text === '') return undefined;
  try {
    return checkDocument(CollectionSchema, parseJson(text, name), name);
  } catch (cause) {
    throw invalid(name, text, messageOf(cause));
  }
}

function invalid(variable: string, value: string, reason: string): ScorerError {
  return new ScorerError('EnvironmentInvalid', `cannot collect model data: ${variable}: ${reason}`, {
    details: { variable, value: value.slice(0, 200) },
  });
}

import path from 'node:path';
import { checkDocument, InferenceConfigSchema } from '@edgewright/contract';
import type { InferenceConfig } from '@edgewright/contract';
import { readDocument } from './read-document.ts';
import { thisProcess } from './this-process.ts';
import { WorkspaceError } from './workspace-error.ts';

export interface ConfigInput {
  /** A JSON or YAML file, or the configuration itself. */
  readonly inferenceConfig?: string | InferenceConfig;
  /** The folder that relative paths start from, when it is not a file. */
  readonly configDirectory?: string;
  /** Keys that win over the file's. */
  readonly overrides?: Partial<InferenceConfig>;
}

/** Configuration from the file, then what was given beside it: the latter wins (Azure's rule for flags). */
export async function resolveConfig(input: ConfigInput): Promise<{ config: InferenceConfig; configDirectory: string }> {
  const { inferenceConfig = {}, overrides = {} } = input;
  const fromFile = typeof inferenceConfig === 'string';
  const base = fromFile
    ? await readDocument(InferenceConfigSchema, inferenceConfig, 'the inference configuration')
    : inferenceConfig;
  const given = Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
  const checked = checkDocument(InferenceConfigSchema, { ...base, ...given }, 'the inference configuration');
  const config = withSecrets(checked);
  const configDirectory = fromFile
    ? path.dirname(path.resolve(inferenceConfig))
    : path.resolve(input.configDirectory ?? '.');
  return { config, configDirectory };
}

/** Puts the values of variables into `baseImageRegistry`: a configuration is kept with the sources, and a password is not. */
function withSecrets(config: InferenceConfig): InferenceConfig {
  const { baseImageRegistry } = config;
  if (baseImageRegistry === undefined) return config;
  const resolved = Object.entries(baseImageRegistry).map(([key, value]) => [key, valueOf(key, value)]);
  return { ...config, baseImageRegistry: Object.fromEntries(resolved) as typeof baseImageRegistry };
}

function valueOf(key: string, text: string): string {
  const name = /^\$\{(\w+)\}$/.exec(text)?.[1];
  if (name === undefined) return text;
  const value = thisProcess().variable(name);
  if (value !== undefined && value !== '') return value;
  throw new WorkspaceError(
    'VariableMissing',
    `cannot read the inference configuration: $.baseImageRegistry.${key} is "${text}", and the environment has no variable ${name}; set it`,
    { details: { key, variable: name } },
  );
}

import path from 'node:path';
import { completeDeploymentConfig, readCertificate } from '@edgewright/deployers';
import type { DeploymentSettings } from '@edgewright/deployers';
import { ModelProfileSchema } from '@edgewright/contract';
import Type from 'typebox';
import { readDocument } from './read-document.ts';
import { WorkspaceError } from './workspace-error.ts';

/** What is to be deployed, and how. */
export interface DeployInput {
  readonly name: string;
  /** Registered models, `NAME` for the latest version or `NAME:VERSION`. */
  readonly models: readonly string[];
  /** `inferenceconfig.json`; default: the model is served as it is. */
  readonly inferenceConfig?: string | undefined;
  /** `deploymentconfig.json` or `.yml`, or its content. */
  readonly deploymentConfig: string | Readonly<Record<string, unknown>>;
  /** Keys that win over the file's, in objects too. */
  readonly overrides?: Readonly<Record<string, unknown>>;
  /** What `model profile` wrote: its recommendation for cores and memory wins over the file. */
  readonly profile?: string | undefined;
  /** The compute target, for `aks`; wins over computeTargetName of the file. */
  readonly computeTarget?: string | undefined;
  /** An image that the cluster can pull, instead of one that is built and pushed now; for `aks`. */
  readonly image?: string | undefined;
  /** Replaces a service of that name; without it one that exists is an error. */
  readonly overwrite?: boolean;
  /** Default true: returns when the service is healthy, or throws. */
  readonly wait?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The settings of a deployment: the file, with what was given beside it on top, and defaults below.
 *
 * @param base keys that hold where neither says anything
 * @throws ContractError `FileNotReadable`, `InvalidJson`, `InvalidDocument` · DeployersError `DeploymentConfigInvalid`
 */
export async function readSettings(
  config: DeployInput['deploymentConfig'],
  overrides: Readonly<Record<string, unknown>> = {},
  base: Readonly<Record<string, unknown>> = {},
): Promise<DeploymentSettings> {
  if (typeof config !== 'string')
    return withGoodCertificate(
      completeDeploymentConfig(merge(merge(base, config), overrides), 'the deployment configuration'),
    );
  const written = await readDocument(Type.Unknown(), config, 'the deployment configuration');
  const placed = withPlacedFiles(written, path.dirname(path.resolve(config)));
  return withGoodCertificate(completeDeploymentConfig(merge(merge(base, placed), overrides), path.basename(config)));
}

/** Looked at before an image is built and sent. */
function withGoodCertificate(settings: DeploymentSettings): DeploymentSettings {
  if (settings.computeType === 'ACI') readCertificate(settings);
  return settings;
}

/**
 * What was given beside the file, on top of what a profile recommends.
 *
 * @throws WorkspaceError `ProfileInputInvalid` when the profile recommends nothing
 */
export async function overridesOf({
  overrides,
  profile,
}: Pick<DeployInput, 'overrides' | 'profile'>): Promise<Record<string, unknown>> {
  const recommended = profile === undefined ? {} : await recommendedBy(profile);
  return merge(recommended, overrides) as Record<string, unknown>;
}

/** @throws WorkspaceError `ProfileInputInvalid` when the profile recommends nothing */
async function recommendedBy(file: string): Promise<Record<string, unknown>> {
  const profile = await readDocument(ModelProfileSchema, file, 'the profile');
  const { recommendedCpu: cpu, recommendedMemoryInGB: memoryInGB, error = '' } = profile;
  if (cpu !== undefined && memoryInGB !== undefined) return { containerResourceRequirements: { cpu, memoryInGB } };
  const message = `cannot take limits from the profile "${file}": it recommends none: ${error}`;
  throw new WorkspaceError('ProfileInputInvalid', message, { details: { file } });
}

/** Files that a configuration names stand relative to it. */
function withPlacedFiles(written: unknown, directory: string): unknown {
  if (!isRecord(written)) return written;
  const placed = placedAt(written, directory, ['sslCertificate', 'sslKey']);
  if (isRecord(placed['collectModelData'])) {
    placed['collectModelData'] = placedAt(placed['collectModelData'], directory, [
      'credentialFile',
      'hashKeyFile',
      'folder',
    ]);
  }
  return placed;
}

function placedAt(
  written: Readonly<Record<string, unknown>>,
  directory: string,
  keys: readonly string[],
): Record<string, unknown> {
  const placed = { ...written };
  for (const key of keys) {
    const file = written[key];
    if (typeof file === 'string' && file !== '') placed[key] = path.resolve(directory, file);
  }
  return placed;
}

/** Objects key by key; everything else is replaced. What is no object stays, for the schema to refuse. */
function merge(base: unknown, over: unknown): unknown {
  if (!isRecord(base) || !isRecord(over)) return over === undefined ? base : over;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) merged[key] = merge(base[key], value);
  return merged;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

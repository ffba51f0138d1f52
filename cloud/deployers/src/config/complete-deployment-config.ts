import {
  AciDeploymentSchema,
  AksDeploymentSchema,
  checkDocument,
  ContractError,
  DeployedCollectionSchema,
  LocalDeploymentSchema,
} from '@edgewright/contract';
import type { AciDeployment, AksDeployment, LocalDeployment } from '@edgewright/contract';
import type { TSchema } from 'typebox';
import Value from 'typebox/value';
import { checkAci, checkAks, checkCommon, checkLocal } from './deployment-rules.ts';

type Autoscaler = Required<NonNullable<AksDeployment['autoScaler']>>;
type Probe = Required<NonNullable<AksDeployment['livenessProbeRequirements']>>;

/** Keys that have a default, and so always a value. */
type With<Config, Keys extends keyof Config> = Omit<Config, Keys> & { [Name in Keys]-?: NonNullable<Config[Name]> };

type Common =
  | 'kvTags'
  | 'properties'
  | 'tokenAuthEnabled'
  | 'appInsightsEnabled'
  | 'authEnabled'
  | 'modelControl'
  | 'page';
type Limits = 'scoringTimeoutMs' | 'maxConcurrentRequestsPerContainer' | 'maxQueueWaitMs';

export type LocalSettings = With<LocalDeployment, Common | Limits | 'container'>;

export type AciSettings = Omit<With<AciDeployment, Common | Limits | 'sslEnabled'>, 'containerResourceRequirements'> & {
  readonly containerResourceRequirements: { readonly cpu: number; readonly memoryInGB: number; readonly gpu?: number };
};

export type AksSettings = Omit<
  With<AksDeployment, Common | Limits | 'namespace' | 'exposure'>,
  'autoScaler' | 'containerResourceRequirements' | 'livenessProbeRequirements'
> & {
  /** Absent when the number of replicas is fixed. */
  readonly autoScaler?: Autoscaler;
  readonly containerResourceRequirements: {
    readonly cpu: number;
    readonly memoryInGB: number;
    readonly gpu?: number;
    readonly cpuLimit?: number;
    readonly memoryInGBLimit?: number;
  };
  readonly livenessProbeRequirements: Probe;
};

/** A deployment configuration in which every key that has a default has a value. */
export type DeploymentSettings = LocalSettings | AciSettings | AksSettings;

const SCHEMAS: Readonly<Record<DeploymentSettings['computeType'], TSchema>> = {
  local: LocalDeploymentSchema,
  ACI: AciDeploymentSchema,
  aks: AksDeploymentSchema,
};

/**
 * Checks a deployment configuration and fills in Azure ML's defaults.
 *
 * @param value what stands in the file; keys given beside it are merged in before
 * @param source what the configuration is, for messages: its file name
 * @throws ContractError `InvalidDocument` with the path of each key that does not fit · DeployersError
 *   `DeploymentConfigInvalid` where keys contradict each other
 */
export function completeDeploymentConfig(value: unknown, source: string): DeploymentSettings {
  const computeType = computeTypeOf(value, source);
  const schema = SCHEMAS[computeType];
  checkLongForm((value as { collectModelData?: unknown }).collectModelData, source);
  const checked: unknown = checkDocument(schema, { ...(value as object), computeType }, source);
  const written = checked as DeploymentSettings;
  checkCommon(written, source);
  const settings = Value.Default(schema, Value.Clone(checked)) as DeploymentSettings;
  if (settings.computeType === 'local') checkLocal(settings, source);
  if (settings.computeType === 'ACI') checkAci(settings, source);
  if (settings.computeType !== 'aks') return settings;
  checkAks(checked as AksDeployment, source);
  return completeAks(settings, checked as AksDeployment);
}

/** By itself, for of a union only that nothing of it fits is told. */
function checkLongForm(collectModelData: unknown, source: string): void {
  if (typeof collectModelData !== 'object' || collectModelData === null) return;
  checkDocument(DeployedCollectionSchema, collectModelData, `collectModelData of ${source}`);
}

/** Azure's CLI wrote `aci` and `ACI`, `aks`, `AKS` and, for endpoints, `AKSENDPOINT`; all of them are taken. */
function computeTypeOf(value: unknown, source: string): DeploymentSettings['computeType'] {
  const written = (value as { computeType?: unknown } | null)?.computeType;
  const given = typeof written === 'string' ? written.replace(/^aksendpoint$/i, 'aks') : written;
  const names = Object.keys(SCHEMAS) as DeploymentSettings['computeType'][];
  const known = names.find((name) => typeof given === 'string' && name.toLowerCase() === given.toLowerCase());
  if (known !== undefined) return known;
  const found = given === undefined ? 'nothing' : JSON.stringify(given);
  const issue = { path: '$.computeType', expected: `one of ${names.join(', ')}`, found };
  throw new ContractError(
    'InvalidDocument',
    `${source} is not valid: ${issue.path}: expected ${issue.expected}, found ${found}`,
    { details: { source, issues: [issue] } },
  );
}

function completeAks(settings: AksSettings, written: AksDeployment): AksSettings {
  const { autoScaler, ...rest } = settings;
  const authEnabled = written.authEnabled ?? !settings.tokenAuthEnabled;
  // a fixed number of replicas is Azure's way of turning the autoscaler off
  if (settings.numReplicas !== undefined) return { ...rest, authEnabled };
  return {
    ...rest,
    authEnabled,
    autoScaler: {
      autoscaleEnabled: true,
      minReplicas: 1,
      maxReplicas: 10,
      refreshPeriodInSeconds: 1,
      targetUtilization: 70,
      ...autoScaler,
    },
  };
}

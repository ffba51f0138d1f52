import path from 'node:path';
import {
  imagePaths,
  messageOf,
  parseBackendChoice,
  parseDriftSettings,
  parseEngineSettings,
  parseExecutionProviders,
} from '@edgewright/contract';
import type { DriftSettingsInput, EngineSettings } from '@edgewright/contract';
import { readCollectionEnvironment } from './collection-environment.ts';
import type { CollectionEnvironment } from './collection-environment.ts';
import { secretOf } from './read-secret.ts';
import type { Secret } from './read-secret.ts';
import { ScorerError } from './scorer-error.ts';
import { readServiceEnvironment } from './service-environment.ts';
import type { ServiceEnvironment } from './service-environment.ts';
import { readTracingEnvironment } from './tracing-environment.ts';
import type { TracingEnvironment } from './tracing-environment.ts';
import { wholeNumber } from './whole-number.ts';
import type { Variables } from './whole-number.ts';

/** What the environment variables of the scorer say; docs/edge-module.md lists them. */
export interface ScorerEnvironment {
  readonly appRoot: string;
  /** AZUREML_MODEL_DIR, when it is set. */
  readonly modelDirectory: string | undefined;
  readonly http: { readonly host: string; readonly port: number };
  readonly service: ServiceEnvironment;
  /** Prometheus beside the HTTP port, where IoT Edge's metrics collector looks for it. */
  readonly metricsPort: number | undefined;
  readonly logLevel: string;
  /** A folder that outlives the process: a volume that is bound into the container. */
  readonly stateDirectory: string | undefined;
  /** The public key that fetched models must be signed with, PEM. */
  readonly modelKeyFile: string | undefined;
  /** The key of the fallback's endpoint: itself, or the file that it stands in. */
  readonly fallbackKey: Secret | undefined;
  /** Credentials of container registries that models come from, as Docker writes them: themselves, or their file. */
  readonly registryCredentials: Secret | undefined;
  /** Inputs and predictions that are kept. */
  readonly collection: CollectionEnvironment;
  /** What is told to those who watch; absent where there is nobody. */
  readonly tracing: TracingEnvironment | undefined;
  /** What goes before the image's own settings; empty where nothing is set. */
  readonly engine: EngineSettings;
  /** How live data are compared with the baselines of models. */
  readonly drift: DriftSettingsInput;
  readonly edge: EdgeEnvironment | undefined;
}

/** What edgeAgent, or someone who runs the module outside of it, says about the hub to join. */
export interface EdgeEnvironment {
  readonly labels: { readonly iothub: string; readonly edge_device: string; readonly module_name: string };
  readonly hubDeadlineMs: number | undefined;
  readonly tokenLifetime: { readonly validSeconds: number; readonly marginSeconds: number } | undefined;
}

/** What `ModuleClient.fromEnvironment` insists on. */
const EDGE_VARIABLES = [
  'IOTEDGE_WORKLOADURI',
  'IOTEDGE_DEVICEID',
  'IOTEDGE_MODULEID',
  'IOTEDGE_IOTHUBHOSTNAME',
  'IOTEDGE_AUTHSCHEME',
  'IOTEDGE_MODULEGENERATIONID',
] as const;

/** edgeAgent hands on its own RuntimeLogLevel, in Serilog's words. */
const SERILOG_LEVELS: ReadonlyMap<string, string> = new Map([
  ['verbose', 'trace'],
  ['debug', 'debug'],
  ['information', 'info'],
  ['info', 'info'],
  ['warning', 'warn'],
  ['error', 'error'],
  ['fatal', 'fatal'],
]);

/**
 * Reads the environment.
 *
 * @throws ScorerError `EnvironmentInvalid`
 */
export function readScorerEnvironment(variables: Variables): ScorerEnvironment {
  const appRoot = path.resolve(variables['AML_APP_ROOT'] ?? imagePaths.appRoot);
  const edge = readEdge(variables);
  return {
    appRoot,
    modelDirectory: variables['AZUREML_MODEL_DIR'],
    http: {
      host: variables['EDGEWRIGHT_HTTP_HOST'] ?? '0.0.0.0',
      port: wholeNumber(variables, 'PORT', { least: 0, most: 65_535 }) ?? 5001,
    },
    service: readServiceEnvironment(variables),
    metricsPort:
      wholeNumber(variables, 'EDGEWRIGHT_METRICS_PORT', { least: 0, most: 65_535 }) ?? (edge ? 9600 : undefined),
    logLevel:
      variables['EDGEWRIGHT_LOG_LEVEL'] ??
      SERILOG_LEVELS.get(variables['RuntimeLogLevel']?.toLowerCase() ?? '') ??
      'info',
    stateDirectory: variables['EDGEWRIGHT_STATE_DIRECTORY'] || undefined,
    modelKeyFile: variables['EDGEWRIGHT_MODEL_KEY_FILE'] || undefined,
    fallbackKey: secretOf(variables, 'EDGEWRIGHT_FALLBACK_KEY'),
    registryCredentials: secretOf(variables, 'EDGEWRIGHT_REGISTRY_CREDENTIALS'),
    collection: readCollectionEnvironment(variables),
    tracing: readTracingEnvironment(variables),
    engine: readEngine(variables),
    drift: parsed(variables, 'EDGEWRIGHT_DRIFT', parseDriftSettings) ?? {},
    edge,
  };
}

/** One object of settings, and variables for some of them, which go before it. */
function readEngine(variables: Variables): EngineSettings {
  const backend = parsed(variables, 'EDGEWRIGHT_BACKEND', parseBackendChoice);
  const executionProviders = parsed(variables, 'EDGEWRIGHT_EXECUTION_PROVIDERS', parseExecutionProviders);
  const workers = wholeNumber(variables, 'EDGEWRIGHT_WORKERS', { least: 1, most: 256 });
  const threads = wholeNumber(variables, 'EDGEWRIGHT_THREADS', { least: 1, most: 256 });
  return {
    ...parsed(variables, 'EDGEWRIGHT_ENGINE', parseEngineSettings),
    ...(backend === undefined ? {} : { backend }),
    ...(executionProviders === undefined ? {} : { executionProviders }),
    ...(workers === undefined ? {} : { workers }),
    ...(threads === undefined ? {} : { threads }),
  };
}

function readEdge(variables: Variables): EdgeEnvironment | undefined {
  const connectionString = variables['EdgeHubConnectionString'] ?? variables['IotHubConnectionString'];
  if (!connectionString && !variables['IOTEDGE_IOTHUBHOSTNAME'] && !variables['IOTEDGE_WORKLOADURI']) return undefined;
  const hubDeadline = wholeNumber(variables, 'EDGEWRIGHT_HUB_DEADLINE_SECONDS', { least: 1, most: 86_400 });
  const lifetime = wholeNumber(variables, 'EDGEWRIGHT_TOKEN_LIFETIME_SECONDS', { least: 2, most: 86_400 });
  return {
    labels: connectionString ? labelsOf(connectionString) : edgeLabels(variables),
    hubDeadlineMs: hubDeadline === undefined ? undefined : hubDeadline * 1000,
    tokenLifetime:
      lifetime === undefined
        ? undefined
        : { validSeconds: lifetime, marginSeconds: Math.max(1, Math.floor(lifetime / 4)) },
  };
}

function edgeLabels(variables: Variables): EdgeEnvironment['labels'] {
  const missing = EDGE_VARIABLES.filter((name) => !variables[name]);
  if (missing.length > 0) {
    throw new ScorerError(
      'EnvironmentInvalid',
      `cannot join edgeHub: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not set; edgeAgent sets them all, ` +
        'outside of it EdgeHubConnectionString will do',
      { details: { missing } },
    );
  }
  return {
    iothub: variables['IOTEDGE_IOTHUBHOSTNAME'] ?? '',
    edge_device: variables['IOTEDGE_DEVICEID'] ?? '',
    module_name: variables['IOTEDGE_MODULEID'] ?? '',
  };
}

/** The parts of a connection string that are no secret. */
function labelsOf(connectionString: string): EdgeEnvironment['labels'] {
  const parts = new Map(
    connectionString.split(';').map((part) => {
      const [key = '', ...value] = part.split('=');
      return [key, value.join('=')] as const;
    }),
  );
  return {
    iothub: parts.get('HostName') ?? '',
    edge_device: parts.get('DeviceId') ?? '',
    module_name: parts.get('ModuleId') ?? '',
  };
}

/** What a parser of the contract makes of a variable; one that is not set or empty is undefined. */
function parsed<Value>(
  variables: Variables,
  name: string,
  parse: (text: string, source: string) => Value,
): Value | undefined {
  const text = variables[name];
  if (text === undefined || text === '') return undefined;
  try {
    return parse(text, name);
  } catch (cause) {
    throw new ScorerError('EnvironmentInvalid', messageOf(cause), { details: { variable: name, value: text }, cause });
  }
}

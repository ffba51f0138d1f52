import type { Signal } from '@edgewright/telemetry';
import { secretOf } from './read-secret.ts';
import type { Secret } from './read-secret.ts';
import { ScorerError } from './scorer-error.ts';
import { wholeNumber } from './whole-number.ts';
import type { Variables } from './whole-number.ts';

/** What is told to those who watch; where to over OTLP is read by OpenTelemetry's exporters themselves. */
export interface TracingEnvironment {
  readonly serviceName: string | undefined;
  /** Share of the traces that begin here, 0 to 1. */
  readonly sampleRatio: number;
  /** What leaves over OTLP. */
  readonly otlp: readonly Signal[];
  /** The connection string of the Application Insights resource that is told; `missing` when it is wanted and has none. */
  readonly appInsights: Secret | 'missing' | undefined;
  readonly metricsIntervalMs: number | undefined;
  /** Whether inputs and predictions are told. */
  readonly data: { readonly log: boolean; readonly response: boolean };
  /** Azure ML's dimensions of every request and entry. */
  readonly dimensions: Readonly<Record<string, string>>;
}

/** The standard names of samplers; those of others are followed in any case. */
const SAMPLERS = new Map<string, (argument: string | undefined) => number>([
  ['always_on', () => 1],
  ['parentbased_always_on', () => 1],
  ['always_off', () => 0],
  ['parentbased_always_off', () => 0],
  ['traceidratio', (argument) => Number(argument ?? 1)],
  ['parentbased_traceidratio', (argument) => Number(argument ?? 1)],
]);

/** OpenTelemetry's word for each signal. */
const SIGNALS: readonly (readonly [Signal, string])[] = [
  ['spans', 'TRACES'],
  ['logs', 'LOGS'],
  ['metrics', 'METRICS'],
];

/**
 * Reads OpenTelemetry's variables, and those of Azure ML and Application Insights.
 *
 * @returns undefined when nobody is to be told anything
 * @throws ScorerError `EnvironmentInvalid`
 */
export function readTracingEnvironment(variables: Variables): TracingEnvironment | undefined {
  const read = (name: string): string | undefined => variables[name] || undefined;
  if (read('OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return undefined;
  const otlp = SIGNALS.filter(([, word]) => isSent(word, read)).map(([signal]) => signal);
  const appInsights = readAppInsights(variables);
  if (otlp.length === 0 && appInsights === undefined) return undefined;
  const isAzure = appInsights !== undefined && appInsights !== 'missing';
  return {
    serviceName: read('OTEL_SERVICE_NAME'),
    sampleRatio: readSampleRatio(read),
    otlp,
    appInsights,
    metricsIntervalMs: wholeNumber(variables, 'OTEL_METRIC_EXPORT_INTERVAL', { least: 100, most: 86_400_000 }),
    data: {
      log: readSwitch(variables, 'EDGEWRIGHT_MODEL_DATA_LOG', isAzure),
      response: readSwitch(variables, 'APP_INSIGHTS_LOG_RESPONSE_ENABLED', isAzure),
    },
    dimensions: {
      'Container Id': read('IOTEDGE_MODULEID') ?? read('HOSTNAME') ?? '',
      'Workspace Name': read('WORKSPACE_NAME') ?? '',
      'Service Name': read('SERVICE_NAME') ?? 'ML service',
    },
  };
}

type Read = (name: string) => string | undefined;

/** True when a signal has an endpoint, and is not switched off. */
function isSent(word: string, read: Read): boolean {
  const name = read(`OTEL_EXPORTER_OTLP_${word}_ENDPOINT`) === undefined ? '' : `${word}_`;
  const endpoint = read(`OTEL_EXPORTER_OTLP_${name}ENDPOINT`);
  if (endpoint === undefined || read(`OTEL_${word}_EXPORTER`) === 'none') return false;
  if (!/^https?:\/\//.test(endpoint) || !URL.canParse(endpoint)) {
    throw invalid(
      `OTEL_EXPORTER_OTLP_${name}ENDPOINT`,
      endpoint,
      'it is no address that begins with http:// or https://',
    );
  }
  const protocol = read(`OTEL_EXPORTER_OTLP_${word}_PROTOCOL`) ?? read('OTEL_EXPORTER_OTLP_PROTOCOL');
  if (protocol !== undefined && protocol !== 'http/protobuf') {
    throw invalid(
      'OTEL_EXPORTER_OTLP_PROTOCOL',
      protocol,
      'telemetry leaves by http/protobuf only, at most collectors on port 4318',
    );
  }
  return true;
}

/** A connection string is enough; Azure ML's switch turns it off, or says that one is missing. */
function readAppInsights(variables: Variables): Secret | 'missing' | undefined {
  const key = variables['AML_APP_INSIGHTS_KEY'];
  const connection =
    secretOf(variables, 'APPLICATIONINSIGHTS_CONNECTION_STRING') ??
    (key ? { value: `InstrumentationKey=${key}` } : undefined);
  const isOn = readSwitch(variables, 'AML_APP_INSIGHTS_ENABLED', connection !== undefined);
  return isOn ? (connection ?? 'missing') : undefined;
}

/** As Azure ML's server reads its switches: what is not `true` is false. */
function readSwitch(variables: Variables, name: string, otherwise: boolean): boolean {
  const value = variables[name];
  return value ? value.toLowerCase() === 'true' : otherwise;
}

function readSampleRatio(read: Read): number {
  const sampler = read('OTEL_TRACES_SAMPLER') ?? 'parentbased_always_on';
  const ratioOf = SAMPLERS.get(sampler);
  if (ratioOf === undefined) {
    throw invalid('OTEL_TRACES_SAMPLER', sampler, `expected one of ${[...SAMPLERS.keys()].join(', ')}`);
  }
  const argument = read('OTEL_TRACES_SAMPLER_ARG');
  const sampleRatio = ratioOf(argument);
  if (!(sampleRatio >= 0 && sampleRatio <= 1)) {
    throw invalid('OTEL_TRACES_SAMPLER_ARG', argument ?? '', 'it is no number from 0 to 1');
  }
  return sampleRatio;
}

function invalid(variable: string, value: string, reason: string): ScorerError {
  return new ScorerError('EnvironmentInvalid', `${variable} is "${value}": ${reason}`, {
    details: { variable, value },
  });
}

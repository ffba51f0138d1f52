import { ScorerError } from './scorer-error.ts';
import type { Variables } from './whole-number.ts';

/** How spans are to be made; where they go is read by OpenTelemetry's exporter itself. */
export interface TracingEnvironment {
  readonly serviceName: string | undefined;
  /** Share of the traces that begin here, 0 to 1. */
  readonly sampleRatio: number;
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

/**
 * Reads OpenTelemetry's variables.
 *
 * @returns undefined when there is no endpoint, or spans are switched off
 * @throws ScorerError `EnvironmentInvalid`
 */
export function readTracingEnvironment(variables: Variables): TracingEnvironment | undefined {
  const read = (name: string): string | undefined => variables[name] || undefined;
  const endpoint = read('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') ?? read('OTEL_EXPORTER_OTLP_ENDPOINT');
  const isOff = read('OTEL_SDK_DISABLED')?.toLowerCase() === 'true' || read('OTEL_TRACES_EXPORTER') === 'none';
  if (endpoint === undefined || isOff) return undefined;
  if (!/^https?:\/\//.test(endpoint) || !URL.canParse(endpoint)) {
    throw invalid('OTEL_EXPORTER_OTLP_ENDPOINT', endpoint, 'it is no address that begins with http:// or https://');
  }
  const protocol = read('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ?? read('OTEL_EXPORTER_OTLP_PROTOCOL');
  if (protocol !== undefined && protocol !== 'http/protobuf') {
    throw invalid(
      'OTEL_EXPORTER_OTLP_PROTOCOL',
      protocol,
      'spans leave by http/protobuf only, at most collectors on port 4318',
    );
  }
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
  return { serviceName: read('OTEL_SERVICE_NAME'), sampleRatio };
}

function invalid(variable: string, value: string, reason: string): ScorerError {
  return new ScorerError('EnvironmentInvalid', `${variable} is "${value}": ${reason}`, {
    details: { variable, value },
  });
}

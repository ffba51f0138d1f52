import { describe, expect, it } from 'vitest';
import { readTracingEnvironment } from './tracing-environment.ts';

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

describe('readTracingEnvironment', () => {
  it.each([
    [{}, undefined],
    [{ ...endpoint, OTEL_SDK_DISABLED: 'true' }, undefined],
    [{ ...endpoint, OTEL_TRACES_EXPORTER: 'none' }, undefined],
    [endpoint, { serviceName: undefined, sampleRatio: 1 }],
    [
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://c/v1/traces', OTEL_SERVICE_NAME: 's' },
      { serviceName: 's', sampleRatio: 1 },
    ],
    [
      { ...endpoint, OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25' },
      { serviceName: undefined, sampleRatio: 0.25 },
    ],
    [
      { ...endpoint, OTEL_TRACES_SAMPLER: 'always_off' },
      { serviceName: undefined, sampleRatio: 0 },
    ],
  ])('reads %j', (variables, expected) => {
    expect(readTracingEnvironment(variables)).toEqual(expected);
  });

  it.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }, 'OTEL_EXPORTER_OTLP_ENDPOINT is "collector:4318"'],
    [{ ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'http/protobuf only'],
    [{ ...endpoint, OTEL_TRACES_SAMPLER: 'jaeger_remote' }, 'expected one of always_on'],
    [{ ...endpoint, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '2' }, 'no number from 0 to 1'],
  ])('refuses %j', (variables, message) => {
    expect(() => readTracingEnvironment(variables)).toThrow(message);
  });
});

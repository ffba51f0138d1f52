import { describe, expect, it } from 'vitest';
import { readTracingEnvironment } from './tracing-environment.ts';

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };
const azure = { APPLICATIONINSIGHTS_CONNECTION_STRING: 'InstrumentationKey=x' };

describe('readTracingEnvironment', () => {
  it.each([
    [{}],
    [{ ...endpoint, OTEL_SDK_DISABLED: 'true' }],
    [{ ...endpoint, OTEL_TRACES_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' }],
    [{ ...azure, AML_APP_INSIGHTS_ENABLED: 'false' }],
    [{ ...azure, AML_APP_INSIGHTS_ENABLED: 'junk' }],
  ])('finds nobody to tell in %j', (variables) => {
    expect(readTracingEnvironment(variables)).toBeUndefined();
  });

  it.each([
    [endpoint, { otlp: ['spans', 'logs', 'metrics'], sampleRatio: 1, data: { log: false, response: false } }],
    [{ ...endpoint, OTEL_TRACES_EXPORTER: 'none' }, { otlp: ['logs', 'metrics'] }],
    [
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://c/v1/traces', OTEL_SERVICE_NAME: 's' },
      { serviceName: 's', otlp: ['spans'] },
    ],
    [
      { ...endpoint, OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25' },
      { sampleRatio: 0.25 },
    ],
    [
      { ...endpoint, OTEL_TRACES_SAMPLER: 'always_off', OTEL_METRIC_EXPORT_INTERVAL: '500' },
      { sampleRatio: 0, metricsIntervalMs: 500 },
    ],
    [azure, { otlp: [], appInsights: { value: 'InstrumentationKey=x' }, data: { log: true, response: true } }],
    [
      { AML_APP_INSIGHTS_KEY: 'k', AML_APP_INSIGHTS_ENABLED: 'True' },
      { appInsights: { value: 'InstrumentationKey=k' } },
    ],
    [{ APPLICATIONINSIGHTS_CONNECTION_STRING_FILE: '/run/s' }, { appInsights: { file: '/run/s' } }],
    [{ AML_APP_INSIGHTS_ENABLED: 'true' }, { appInsights: 'missing', data: { log: false, response: false } }],
    [
      { ...azure, APP_INSIGHTS_LOG_RESPONSE_ENABLED: 'false', EDGEWRIGHT_MODEL_DATA_LOG: 'false' },
      { data: { log: false, response: false } },
    ],
    [
      { ...endpoint, WORKSPACE_NAME: 'w', SERVICE_NAME: 's', HOSTNAME: 'h' },
      { dimensions: { 'Container Id': 'h', 'Workspace Name': 'w', 'Service Name': 's' } },
    ],
  ])('reads %j', (variables, expected) => {
    expect(readTracingEnvironment(variables)).toMatchObject(expected);
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

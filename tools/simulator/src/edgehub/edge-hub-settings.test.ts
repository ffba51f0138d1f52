import { expect, it } from 'vitest';
import { edgeHubSettingNames, readEdgeHubSettings } from './edge-hub-settings.ts';

// Rows of doc/EnvironmentVariables.md and appsettings_hub.json.

it.each([
  ['MessageAckTimeoutSecs', '5', { timings: { ackTimeoutMs: 5000 } }],
  ['MessageCleanupIntervalSecs', '60', { timings: { cleanupIntervalMs: 60_000 } }],
  ['MessageCleanupIntervalSecs', '1', { timings: { cleanupIntervalMs: 30_000 } }],
  ['MaxConnectedClients', '7', { maxConnectedClients: 7 }],
  ['mqttSettings__ConnectArrivalTimeout', '00:00:20', { timings: { connectTimeoutMs: 20_000 } }],
  ['mqttSettings__MaxKeepAliveTimeout', '1.02:03:04', { timings: { maxKeepAliveMs: 93_784_000 } }],
  ['Metrics__Listener__MetricsEnabled', 'False', { metricsEnabled: false }],
  ['metrics:listener:metricsenabled', 'true', { metricsEnabled: true }],
])('%s=%s', (name, value, expected) => {
  expect(readEdgeHubSettings({ [name]: value })).toEqual({ timings: {}, ...expected, problems: [] });
});

it.each([
  ['MessageAckTimeoutSecs', '0'],
  ['MessageAckTimeoutSecs', '1e3'],
  ['MaxConnectedClients', '-1'],
  ['mqttSettings__ConnectArrivalTimeout', '20'],
  ['Metrics__Listener__MetricsEnabled', 'no'],
])('%s=%s cannot be read: the default holds, and it is said', (name, value) => {
  const { timings, problems } = readEdgeHubSettings({ [name]: value });
  expect(timings).toEqual({});
  expect(problems).toEqual([expect.stringContaining(`${name} is "${value}"`)]);
});

it('ignores what it does not know', () => {
  expect(readEdgeHubSettings({ OptimizeForPerformance: 'false' })).toEqual({ timings: {}, problems: [] });
  expect(edgeHubSettingNames).toContain('MessageAckTimeoutSecs');
});

// The rows on user names of the edgeHub sheet (§1.2).
import { describe, expect, it } from 'vitest';
import { parseMqttUsername } from './mqtt-username.ts';

describe('username', () => {
  it.each([
    ['form A, device', 'host/d/?api-version=1', { deviceId: 'd' }],
    ['form A, module', 'host/d/m/?api-version=1&DeviceClientType=a%20b', { moduleId: 'm', deviceClientType: 'a b' }],
    ['form B, device', 'host/d/api-version=1', { deviceId: 'd' }],
    [
      'form B, module',
      'host/d/m/foo?bar=b1&api-version=1&DeviceClientType=c',
      { moduleId: 'm', deviceClientType: 'c' },
    ],
    ['form B, a ? in the id', 'host/d?/api-version=1', { deviceId: 'd?' }],
    [
      'legacy',
      'host/d/m/api-version=2017-06-30/DeviceClientType=Microsoft.Azure.Devices.Client/1.5.1-preview-003',
      { moduleId: 'm', apiVersion: '2017-06-30' },
    ],
    ['model-id', 'host/d/m/?api-version=1&model-id=dtmi:a;1', { modelId: 'dtmi:a;1' }],
    ['unknown keys ignored', 'host/d/m/?api-version=1&x=y&z', { moduleId: 'm' }],
    ['the first duplicate wins', 'host/d/m/?api-version=1&api-version=2', { apiVersion: '1' }],
    ['the version is not checked', 'host/d/m/?api-version=nonsense', { apiVersion: 'nonsense' }],
  ])('%s', (_form, username, expected) => {
    expect(parseMqttUsername(username)).toMatchObject({ hostName: 'host', deviceId: 'd', ...expected });
  });

  it.each([
    ['no api-version', 'host/d/m'],
    ['no api-version', 'host/d/m/?DeviceClientType=x'],
    ['api-version without =', 'host/d/m/?api-version'],
    ['blank api-version', 'host/d/m/?api-version=%20'],
    ['keys are case-sensitive', 'host/d/m/?Api-Version=1'],
    ['a ? not at the beginning of the last segment', 'host/d/m?api-version=1'],
    ['extra segments', 'host/d/m/x/?api-version=1'],
    ['extra segments', 'host/d/m/x/api-version=1/y'],
    ['empty device id', 'host//m/?api-version=1'],
    ['bad percent-encoding', 'host/d/m/?api-version=%zz'],
    ['nothing', ''],
  ])('refused: %s: %s', (_fault, username) => {
    expect(() => parseMqttUsername(username)).toThrow(expect.objectContaining({ code: 'SimulatorRequestInvalid' }));
  });
});

import { describe, expect, it } from 'vitest';
import { parseHubConnectionString } from './hub-connection-string.ts';
import { IotHubError } from './iothub-error.ts';

const GOOD = 'HostName=hub.example.net;SharedAccessKeyName=iothubowner;SharedAccessKey=c2VjcmV0PT0=';

describe('parseHubConnectionString', () => {
  it('reads the parts, with equals signs in the key', () => {
    expect(parseHubConnectionString(GOOD)).toEqual({
      hostName: 'hub.example.net',
      policyName: 'iothubowner',
      policyKey: 'c2VjcmV0PT0=',
    });
  });

  it('takes a port behind the host name, any case of the names, and any order', () => {
    expect(parseHubConnectionString('sharedaccesskey=a;hostname=localhost:8443; SharedAccessKeyName=p ;')).toEqual({
      hostName: 'localhost',
      port: 8443,
      policyName: 'p',
      policyKey: 'a',
    });
  });

  it.each([
    ['', 'HostName and SharedAccessKeyName and SharedAccessKey'],
    ['HostName=a b;SharedAccessKeyName=p;SharedAccessKey=k', 'HostName'],
    ['HostName=h:99999;SharedAccessKeyName=p;SharedAccessKey=k', 'port 99999'],
    ['HostName=h;SharedAccessKey=k', 'SharedAccessKeyName'],
    ['HostName=h;DeviceId=d;SharedAccessKey=hidden', "device's connection string"],
  ])('refuses %j, naming %s and not the key', (text, reason) => {
    const thrown = catchError(() => parseHubConnectionString(text));
    expect(thrown).toBeInstanceOf(IotHubError);
    expect(thrown).toMatchObject({ code: 'ConnectionStringInvalid', exitCode: 2 });
    expect(String(thrown)).toContain(reason);
    expect(String(thrown)).not.toContain('hidden');
  });
});

function catchError(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

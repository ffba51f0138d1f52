import { IotHubError } from './iothub-error.ts';

/** The parts of an IoT Hub's connection string. */
export interface HubConnection {
  /** Without a port. */
  readonly hostName: string;
  /** Only when it stands behind the host name. */
  readonly port?: number;
  readonly policyName: string;
  /** A secret. */
  readonly policyKey: string;
}

/**
 * Reads `HostName=…;SharedAccessKeyName=…;SharedAccessKey=…`; the host name may carry a port.
 *
 * @throws IotHubError `ConnectionStringInvalid`; the message never shows the key
 */
export function parseHubConnectionString(text: string): HubConnection {
  const parts = new Map(
    text
      .split(';')
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map((part) => [part.split('=', 1)[0]?.toLowerCase() ?? '', part.slice(part.indexOf('=') + 1)] as const),
  );
  const host = /^(?<hostName>[^:/\s]+)(?::(?<port>\d{1,5}))?$/.exec(parts.get('hostname') ?? '')?.groups;
  const policyName = parts.get('sharedaccesskeyname');
  const policyKey = parts.get('sharedaccesskey');
  const missing = [
    ...(host === undefined ? ['HostName'] : []),
    ...(policyName ? [] : ['SharedAccessKeyName']),
    ...(policyKey ? [] : ['SharedAccessKey']),
  ];
  if (host === undefined || !policyName || !policyKey) throw invalid(missing, parts.has('deviceid'));
  const port = host['port'] === undefined ? undefined : Number(host['port']);
  if (port !== undefined && (port < 1 || port > 65_535)) throw invalid([`HostName (port ${port})`], false);
  return { hostName: host['hostName'] ?? '', ...(port === undefined ? {} : { port }), policyName, policyKey };
}

function invalid(missing: readonly string[], ofDevice: boolean): IotHubError {
  const hint = ofDevice ? "; this looks like a device's connection string, and the hub's own is needed" : '';
  return new IotHubError(
    'ConnectionStringInvalid',
    `cannot read the connection string of the IoT Hub: ${missing.join(' and ')} is missing or wrong${hint}`,
    { details: { missing } },
  );
}

import { SimulatorError } from '../simulator-error.ts';

/** Who connects, as the user name of an MQTT CONNECT says it. */
export interface MqttUsername {
  /** The hub's or the gateway's host name; edgeHub compares it with nothing. */
  readonly hostName: string;
  readonly deviceId: string;
  /** Absent for a leaf device. */
  readonly moduleId?: string;
  readonly apiVersion: string;
  /** The client's library and version; empty when it does not say. */
  readonly deviceClientType: string;
  readonly modelId?: string;
}

// clients inside Azure ML containers of 2019 send this: the type is one segment more, instead of a parameter
const LEGACY_TAIL =
  /\/api-version=2017-06-30\/DeviceClientType=Microsoft\.Azure\.Devices\.Client\/1\.5\.1-preview-003$/i;

/**
 * Reads the user name as edgeHub does: `{host}/{device}[/{module}]/?{parameters}`, or with parameters that contain
 * `api-version=` and no `?`.
 *
 * @throws SimulatorError `SimulatorRequestInvalid`
 */
export function parseMqttUsername(username: string): MqttUsername {
  const segments = username.split('/');
  const named = splitSegments(username, segments);
  const apiVersion = named.parameters.get('api-version') ?? '';
  const deviceId = (segments[1] ?? '').trim();
  if (apiVersion.trim() === '') throw badUsername(username, 'it has no api-version');
  if (deviceId === '') throw badUsername(username, 'its device id is empty');
  const moduleId = named.moduleId?.trim() ?? '';
  const modelId = named.parameters.get('model-id') ?? '';
  return {
    hostName: segments[0] ?? '',
    deviceId,
    apiVersion,
    deviceClientType: named.parameters.get('DeviceClientType') ?? '',
    ...(moduleId === '' ? {} : { moduleId }),
    ...(modelId.trim() === '' ? {} : { modelId }),
  };
}

function splitSegments(
  username: string,
  segments: readonly string[],
): { moduleId: string | undefined; parameters: ReadonlyMap<string, string> } {
  const last = segments.at(-1) ?? '';
  const isShort = segments.length === 3 || segments.length === 4;
  const moduleId = segments.length === 4 || segments.length === 6 ? segments[2] : undefined;
  if (isShort && last.startsWith('?')) return { moduleId, parameters: parametersOf(last.slice(1), username) };
  if (isShort && last.includes('api-version=')) return { moduleId, parameters: parametersOf(last, username) };
  if (segments.length === 6 && LEGACY_TAIL.test(username)) {
    const parameters = new Map([
      ['api-version', '2017-06-30'],
      ['DeviceClientType', 'Microsoft.Azure.Devices.Client/1.5.1-preview-003'],
    ]);
    return { moduleId, parameters };
  }
  throw badUsername(username, 'expected {host}/{device}[/{module}]/?api-version=…');
}

function parametersOf(text: string, username: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const pair of text.trim().split('&')) {
    const end = pair.indexOf('=');
    const key = end < 0 ? pair : pair.slice(0, end);
    // the first of two counts
    if (!parameters.has(key)) parameters.set(key, percentDecoded(end < 0 ? '' : pair.slice(end + 1), username));
  }
  return parameters;
}

function percentDecoded(value: string, username: string): string {
  try {
    return decodeURIComponent(value);
  } catch (cause) {
    throw badUsername(username, `"${value}" is not percent-encoded UTF-8`, cause);
  }
}

function badUsername(username: string, reason: string, cause?: unknown): SimulatorError {
  return new SimulatorError('SimulatorRequestInvalid', `cannot accept the MQTT user name "${username}": ${reason}`, {
    details: { username },
    ...(cause === undefined ? {} : { cause }),
  });
}

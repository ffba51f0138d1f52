import { gunzipSync } from 'node:zlib';
import { messageOf } from '@edgewright/contract';
import type { Hub } from './hub.ts';
import { IotHubError } from './iothub-error.ts';

/** Which logs of an edge device; the terms are those of edgeAgent's method GetModuleLogs. */
export interface ModuleLogsRequest {
  readonly deviceId: string;
  /** A regular expression for the names of modules. */
  readonly module: string;
  /** So many of the last lines. */
  readonly tail?: number;
  /** A duration such as `5m`, an RFC 3339 time, or a UNIX time. */
  readonly since?: string;
  readonly until?: string;
  /** A regular expression for lines. */
  readonly regex?: string;
  /** The least severe level as syslog numbers them, 0 to 7. */
  readonly logLevel?: number;
}

export interface ModuleLog {
  readonly module: string;
  readonly text: string;
}

/** A log has 128 KB when it arrives, compressed; what unpacks to more than this is no log. */
const MAX_LOG_BYTES = 64 * 1024 * 1024;

/**
 * Logs of modules, read by edgeAgent on the device.
 *
 * @throws IotHubError `MethodRefused` when edgeAgent says no, and those of {@link Hub.invoke}
 */
export async function moduleLogs(hub: Hub, request: ModuleLogsRequest): Promise<readonly ModuleLog[]> {
  const { deviceId, module, tail, since, until, regex, logLevel } = request;
  const filter = {
    ...(tail === undefined ? {} : { tail }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(regex === undefined ? {} : { regex }),
    ...(logLevel === undefined ? {} : { loglevel: logLevel }),
  };
  const payload = { schemaVersion: '1.0', items: [{ id: module, filter }], encoding: 'gzip', contentType: 'text' };
  const answer = await hub.invoke({ deviceId, moduleId: '$edgeAgent', name: 'GetModuleLogs', payload });
  if (answer.status !== 200 || !Array.isArray(answer.payload)) throw refused(request, answer);
  return (answer.payload as readonly Readonly<Record<string, unknown>>[]).map((entry) => ({
    module: String(entry['id']),
    text: textOf(entry, request),
  }));
}

function textOf(entry: Readonly<Record<string, unknown>>, request: ModuleLogsRequest): string {
  if (typeof entry['payload'] === 'string') return entry['payload'];
  try {
    const bytes = entry['payloadBytes'];
    const packed = Buffer.from(typeof bytes === 'string' ? bytes : '', 'base64');
    return packed.length === 0 ? '' : gunzipSync(packed, { maxOutputLength: MAX_LOG_BYTES }).toString('utf8');
  } catch (cause) {
    throw refused(request, { status: 200, payload: { message: `the log cannot be unpacked: ${messageOf(cause)}` } });
  }
}

function refused(request: ModuleLogsRequest, { status, payload }: { status: number; payload: unknown }): IotHubError {
  const said = (payload as { message?: unknown } | null)?.message;
  const reason = typeof said === 'string' ? said : JSON.stringify(payload);
  return new IotHubError(
    'MethodRefused',
    `cannot read the logs of "${request.module}" on "${request.deviceId}": edgeAgent answered ${status}: ${reason}`,
    { details: { deviceId: request.deviceId, status } },
  );
}

import type { HubAccess } from './hub-call.ts';
import type { MethodAnswer, MethodCall } from './hub.ts';
import { twinText } from './hub-twins.ts';

const API_VERSION = '2021-04-12';
const DEFAULT_RESPONSE_SECONDS = 30;

/**
 * Calls a direct method. The SDK's own client for them waits for minutes and tries again what may have run already, so the
 * request is made here.
 */
export async function invokeMethod({ call, client }: HubAccess, request: MethodCall): Promise<MethodAnswer> {
  const { deviceId, moduleId, name, payload, responseSeconds = DEFAULT_RESPONSE_SECONDS } = request;
  const module = moduleId === undefined ? '' : `/modules/${encodeURIComponent(moduleId)}`;
  const path = `/twins/${encodeURIComponent(deviceId)}${module}/methods?api-version=${API_VERSION}`;
  const body = { methodName: name, payload: payload ?? null, responseTimeoutInSeconds: responseSeconds };
  const headers = { 'Content-Type': 'application/json; charset=utf-8' };
  return await call(
    `call the method "${name}" of ${twinText(request)}`,
    () =>
      new Promise<MethodAnswer>((resolve, reject) => {
        client.executeApiCall('POST', path, headers, body, (error, result) => {
          if (error) reject(error);
          else resolve(result as MethodAnswer);
        });
      }),
  );
}

import { randomBytes } from 'node:crypto';
import { isEdgewrightError, messageOf } from '@edgewright/contract';
import { hubFaultOf } from '../hub-fault.ts';
import type { JsonReply } from '../../http/json-route.ts';

/**
 * A failure as IoT Hub answers it: `{"Message": "ErrorCode:<name>;<text>", "ExceptionMessage": "Tracking ID:…"}`.
 *
 * @param now milliseconds since 1970
 */
export function errorReply(thrown: unknown, now: number): JsonReply {
  const { hubError, httpStatus } = hubFaultOf(thrown);
  // SDKs cut the message at a semicolon
  const text = (isEdgewrightError(thrown) ? messageOf(thrown) : 'internal error').replaceAll(';', ',');
  const tracking = randomBytes(16).toString('hex');
  return {
    status: httpStatus,
    body: {
      Message: `ErrorCode:${hubError};${text}`,
      ExceptionMessage: `Tracking ID:${tracking}-TimeStamp:${new Date(now).toISOString()}`,
    },
    headers: {
      'iothub-errorcode': hubError,
      ...(httpStatus === 429 && { 'retry-after': retryAfter(thrown) }),
    },
  };
}

function retryAfter(thrown: unknown): string {
  const seconds = isEdgewrightError(thrown) ? thrown.details['retryAfterSeconds'] : undefined;
  return typeof seconds === 'number' ? String(seconds) : '1';
}

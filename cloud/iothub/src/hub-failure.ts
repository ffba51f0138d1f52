import { messageOf } from '@edgewright/contract';
import type { ErrorCodeOf } from '@edgewright/contract';
import { IotHubError } from './iothub-error.ts';
import type { HubResponseError } from './hub-rest-client.ts';

/** A call to the hub, for messages. */
export interface FailedCall {
  /** `create the device "x"`. */
  readonly action: string;
  readonly hostName: string;
  readonly port: number;
  readonly timeoutMs: number;
}

/** Turns whatever a call failed with into an error of this workspace. */
export function hubFailure(thrown: unknown, call: FailedCall): IotHubError {
  const status = (thrown as HubResponseError | undefined)?.response?.statusCode;
  const where = `${call.hostName}:${call.port}`;
  const answer = status === undefined ? undefined : hubAnswer((thrown as HubResponseError).responseBody);
  const code = status === undefined ? 'HubUnavailable' : codeOfStatus(status, answer?.code);
  const reason =
    status === undefined ? networkReason(thrown, call) : `it answered ${status}: ${answer?.text ?? 'nothing'}`;
  return new IotHubError(code, `cannot ${call.action} on the hub ${where}: ${reason}`, {
    details: {
      hostName: call.hostName,
      port: call.port,
      ...(status === undefined ? {} : { status }),
      ...(answer?.code === undefined ? {} : { hubCode: answer.code }),
    },
    cause: thrown,
  });
}

/** The status of an answer, or undefined when there was none. */
export function statusOf(thrown: unknown): number | undefined {
  return (thrown as HubResponseError | undefined)?.response?.statusCode;
}

function codeOfStatus(status: number, hubCode: string | undefined): ErrorCodeOf<'iothub'> {
  if (status === 401 || status === 403) return 'HubUnauthorized';
  if (status === 409 || status === 412) return 'HubConflict';
  if (status === 404) return hubCode === 'IotHubNotFound' ? 'HubUnavailable' : 'DeviceNotFound';
  return status === 408 || status === 429 || status >= 500 ? 'HubUnavailable' : 'HubRejected';
}

const MAX_ANSWER = 500;

/** `{"Message":"ErrorCode:X;text"}`, or whatever the hub said instead. */
function hubAnswer(body: string | undefined): { code?: string; text: string } {
  let text = body ?? '';
  try {
    const parsed: unknown = JSON.parse(text);
    const message = (parsed as { Message?: unknown } | null)?.Message;
    if (typeof message === 'string') text = message;
  } catch {
    // not JSON: a proxy or load balancer has answered, and its words are shown as they are
  }
  const code = /^ErrorCode:(?<code>\w+)/.exec(text)?.groups?.['code'];
  const shown = text.length > MAX_ANSWER ? `${text.slice(0, MAX_ANSWER)}…` : text;
  return { ...(code === undefined ? {} : { code }), text: shown === '' ? 'nothing more' : shown };
}

function networkReason(thrown: unknown, call: FailedCall): string {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  if (thrown instanceof Error && (thrown.name === 'TimeoutError' || thrown.name === 'AbortError')) {
    return `no answer within ${call.timeoutMs / 1000} s`;
  }
  if (code === 'ECONNREFUSED') return 'nothing listens there';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'there is no such host';
  if (code.includes('CERT') || code.includes('SELF_SIGNED') || code.includes('VERIFY')) {
    return `its certificate is not trusted (${messageOf(thrown)}); name the file with its root certificate`;
  }
  return messageOf(thrown) || code;
}

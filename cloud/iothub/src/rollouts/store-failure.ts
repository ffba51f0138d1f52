import { messageOf } from '@edgewright/contract';
import { IotHubError } from '../iothub-error.ts';

/** The HTTP status of a failure of the storage client, if it has one. */
export function storeStatus(error: unknown): number | undefined {
  const { statusCode } = error as { readonly statusCode?: unknown };
  return typeof statusCode === 'number' ? statusCode : undefined;
}

/** A failure of the storage client as ours. @param url of the container; its query, which may be a secret, is not told */
export function storeFailure(error: unknown, action: string, url: string): IotHubError {
  if (error instanceof IotHubError) return error;
  const status = storeStatus(error);
  const [container = url] = url.split('?', 1);
  const reason = messageOf(error).split('\n', 1)[0] ?? '';
  const message = `cannot ${action} in the container ${container}: ${reason}`;
  const isRefused = status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429;
  const code = isRefused ? 'RolloutStoreRefused' : 'RolloutStoreUnavailable';
  return new IotHubError(code, message, { details: { container, ...(status && { status }) }, cause: error });
}

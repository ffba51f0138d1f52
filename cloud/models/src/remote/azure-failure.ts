import { isEdgewrightError, messageOf } from '@edgewright/contract';
import { isRestError } from '@azure/storage-blob';
import { ModelsError } from '../models-error.ts';

/** Somebody was faster: the blob is there already, or is not the one that was read. */
export const CONFLICT: readonly number[] = [409, 412];

/** The HTTP status of Azure's answer; undefined when there was none. */
export function statusOf(error: unknown): number | undefined {
  return isRestError(error) ? error.statusCode : undefined;
}

/** Azure's own name of a failure: `ContainerNotFound`. */
export function azureCodeOf(error: unknown): string | undefined {
  return isRestError(error) ? error.code : undefined;
}

/** What is being done, for messages: `list models`, and where. */
export interface AzureAction {
  readonly place: string;
  readonly action: string;
  readonly signal?: AbortSignal | undefined;
}

/** Runs requests to Azure, and tells their failures as those of this workspace. */
export async function guardAzure<Result>(
  { place, action, signal }: AzureAction,
  run: () => Promise<Result>,
): Promise<Result> {
  try {
    return await run();
  } catch (cause) {
    signal?.throwIfAborted();
    if (isEdgewrightError(cause)) throw cause;
    const status = statusOf(cause);
    const isRefusal = status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429;
    // the rest of the message is a dump of headers
    const [reason = ''] = messageOf(cause).split('\n');
    const said = [status, azureCodeOf(cause), reason].filter((part) => part !== undefined && part !== '').join(' ');
    throw new ModelsError(
      isRefusal ? 'ModelStoreRefused' : 'ModelStoreFailed',
      `cannot ${action} in ${place}: ${status === undefined ? '' : 'the store answers '}${said}`,
      { details: { place, ...(status === undefined ? {} : { status }) }, cause },
    );
  }
}

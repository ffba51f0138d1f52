import { setTimeout as delay } from 'node:timers/promises';
import type { BlobFiles } from './blob-files.ts';
import { rolloutBusy } from './rollout-failures.ts';
import { storeStatus } from './store-failure.ts';

/** The shortest that Azure gives: so long at most waits who goes on for a controller that died. */
const LEASE_SECONDS = 15;
const RENEW_EVERY_MS = 4_000;
const RETRY_MS = 1_000;

export interface BlobLease extends AsyncDisposable {
  readonly id: string;
  /** Aborted, with the failure, when the lease was lost. */
  readonly signal: AbortSignal;
}

export interface LeaseOptions {
  /** For the message. */
  readonly rollout: string;
  /** How long a lease that somebody else holds is waited for; default: until it must have ended. */
  readonly waitMs?: number | undefined;
}

/**
 * Takes the lease of a blob, and renews it until it is disposed of. A lease whose holder has died is waited for.
 *
 * @throws IotHubError `RolloutBusy` when somebody else goes on holding it
 */
export async function leaseBlob(
  files: BlobFiles,
  blob: string,
  { rollout, waitMs = (LEASE_SECONDS + 1) * 1000 }: LeaseOptions,
): Promise<BlobLease> {
  const client = files.container.getBlockBlobClient(blob).getBlobLeaseClient();
  await files.writeJson(blob, {}, { etag: undefined });
  const deadline = performance.now() + waitMs;
  while (!(await acquire(files, client))) {
    if (performance.now() > deadline) throw rolloutBusy(rollout);
    await delay(RETRY_MS);
  }
  const lost = new AbortController();
  let validUntil = performance.now() + LEASE_SECONDS * 1000;
  const renew = async () => {
    const begun = performance.now();
    try {
      await client.renewLease({ abortSignal: AbortSignal.timeout(RENEW_EVERY_MS) });
      validUntil = begun + LEASE_SECONDS * 1000;
    } catch (error) {
      // what cannot be reached may be reached again in time; what is refused is another's now
      if (isRefused(error) || performance.now() > validUntil) lost.abort(rolloutBusy(rollout, error));
    }
  };
  const timer = setInterval(() => void renew(), RENEW_EVERY_MS);
  return {
    id: client.leaseId,
    signal: lost.signal,
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      // after that it has ended by itself
      await client.releaseLease({ abortSignal: AbortSignal.timeout(LEASE_SECONDS * 1000) }).catch(() => {});
    },
  };
}

async function acquire(
  files: BlobFiles,
  client: { acquireLease(seconds: number, options: { abortSignal: AbortSignal }): Promise<unknown> },
): Promise<boolean> {
  return await files.call('take the lease of a rollout', async (abortSignal) => {
    try {
      await client.acquireLease(LEASE_SECONDS, { abortSignal });
      return true;
    } catch (error) {
      if (isRefused(error)) return false;
      throw error;
    }
  });
}

function isRefused(error: unknown): boolean {
  const status = storeStatus(error);
  return status === 409 || status === 412;
}

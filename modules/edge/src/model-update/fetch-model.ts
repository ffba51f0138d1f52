import { setTimeout as sleep } from 'node:timers/promises';
import { baselineLimits, isEdgewrightError, messageOf } from '@edgewright/contract';
import type { Logger, Tracing } from '@edgewright/telemetry';
import { EdgeError } from '../edge-error.ts';
import { downloadModel, publicUrl } from './download-model.ts';
import type { DownloadOptions } from './download-model.ts';
import { fileDigest } from './file-digest.ts';
import type { ModelSlot } from './model-slot.ts';
import { isSignedBy } from './model-signature.ts';
import type { ModelStore } from './model-store.ts';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 300_000;

/** A model that the desired properties name. */
export interface WantedModel {
  readonly name: string;
  readonly version: number;
  readonly url: string;
  readonly sha256: string;
  readonly sizeBytes?: number | undefined;
  readonly signature?: string | undefined;
  readonly warmUp?: readonly unknown[] | undefined;
  readonly baseline?: { readonly url?: string | undefined; readonly sha256: string } | undefined;
}

/** The same model by the same way: then there is nothing to do anew. */
export function sameAddress(one: WantedModel | undefined, other: WantedModel): boolean {
  const { name, version, url, sha256, signature } = other;
  return (
    one?.name === name &&
    one.version === version &&
    one.url === url &&
    one.sha256 === sha256 &&
    one.signature === signature
  );
}

export interface FetchModelOptions {
  readonly store: ModelStore;
  readonly publicKey: ModelSlot['publicKey'];
  readonly registryCredentials: ModelSlot['registryCredentials'];
  readonly logger: Logger;
  readonly tracing?: Tracing | undefined;
  readonly signal: AbortSignal;
  /** Told of each step; `reason` says why a download waits. */
  readonly onStep: (step: FetchStep) => void;
}

export type FetchStep =
  | {
      readonly state: 'downloading';
      readonly done?: number;
      readonly total?: number | undefined;
      readonly reason?: string;
    }
  | { readonly state: 'verifying' };

/**
 * Sees to it that a model is in the store, verified: fetched if it is not there, for as long as that takes.
 *
 * @throws EdgeError `ModelRejected`, `ModelStoreUnusable` when a verified file cannot be kept; the reason of the signal
 */
export async function fetchModel(model: WantedModel, options: FetchModelOptions): Promise<void> {
  const { store, publicKey, onStep, signal } = options;
  // before a byte is fetched: what is not signed is not wanted
  if (publicKey !== undefined) checkSignature(model, publicKey);
  await fetchBaseline(model, options);
  if (await store.holds(model)) return;
  for (let attempt = 1; ; attempt += 1) {
    const isResumed = await downloadWithPatience(model, options);
    onStep({ state: 'verifying' });
    const found = await fileDigest(store.partialOf(model), signal);
    if (found === model.sha256) break;
    await store.discard(model);
    // the part that was there may have been of another file
    if (isResumed && attempt === 1) continue;
    throw new EdgeError(
      'ModelRejected',
      `the model ${publicUrl(model.url)} is not taken: its SHA-256 is ${found ?? 'that of no file'}, and model.sha256 is ${model.sha256}`,
      { details: { found, expected: model.sha256 } },
    );
  }
  await store.adopt(model);
}

/** A model without its baseline is better than none: what goes wrong is logged, and drift is then not watched. */
async function fetchBaseline(
  model: WantedModel,
  { store, registryCredentials, logger, signal }: FetchModelOptions,
): Promise<void> {
  const { baseline, url } = model;
  if (baseline === undefined) {
    await store.dropBaseline(model);
    return;
  }
  const { sha256 } = baseline;
  try {
    if ((await fileDigest(store.baselineOf(model), signal).catch(() => undefined)) === sha256) return;
    const file = store.partialOf(baseline);
    await downloadModel({
      url: baseline.url ?? url,
      sha256,
      registryCredentials,
      file,
      signal,
      onProgress: checkBaselineSize,
    });
    const found = await fileDigest(file, signal);
    if (found === sha256) await store.adoptBaseline(model, file);
    else await store.discard(baseline);
    if (found !== sha256)
      throw new RangeError(`its SHA-256 is ${found ?? 'that of no file'}, and baseline.sha256 is ${sha256}`);
  } catch (error) {
    signal.throwIfAborted();
    logger.warn({ event: 'drift.unwatched', reason: messageOf(error) }, 'the baseline of a model is not taken');
  }
}

function checkBaselineSize(done: number): void {
  if (done > baselineLimits.fileBytes) throw new RangeError(`it has more than ${baselineLimits.fileBytes} bytes`);
}

function checkSignature(model: WantedModel, publicKey: NonNullable<ModelSlot['publicKey']>): void {
  if (model.signature !== undefined && isSignedBy(publicKey, model.sha256, model.signature)) return;
  const why = model.signature === undefined ? 'it has no signature' : 'its signature is not of the key of this device';
  throw new EdgeError('ModelRejected', `the model ${publicUrl(model.url)} is not taken: ${why}`);
}

async function downloadWithPatience(model: WantedModel, options: FetchModelOptions): Promise<boolean> {
  const { store, logger, signal, onStep } = options;
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    try {
      onStep({ state: 'downloading' });
      return await tracedDownload(options.tracing, {
        url: model.url,
        sha256: model.sha256,
        sizeBytes: model.sizeBytes,
        registryCredentials: options.registryCredentials,
        file: store.partialOf(model),
        signal,
        onProgress: (done, total) => onStep({ state: 'downloading', done, total }),
      });
    } catch (error) {
      if (!isPassing(error)) throw error;
      logger.warn({ reason: messageOf(error), pauseMs }, 'a model cannot be fetched for now');
      onStep({ state: 'downloading', reason: messageOf(error) });
      await sleep(pauseMs, undefined, { signal, ref: false });
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }
  }
}

/** Fetching a model is a call to whoever keeps it: Blob Storage, a registry, a web server. */
async function tracedDownload(tracing: Tracing | undefined, options: DownloadOptions): Promise<boolean> {
  const { hostname, port, protocol } = new URL(options.url);
  const isHttp = protocol === 'https:' || protocol === 'http:';
  const span = tracing?.begin('fetch model', {
    kind: 'client',
    attributes: {
      'http.request.method': isHttp ? 'GET' : undefined,
      'url.full': publicUrl(options.url),
      'server.address': hostname || 'file',
      'server.port': port === '' ? undefined : Number(port),
    },
  });
  try {
    const isResumed = await downloadModel(options);
    span?.end();
    return isResumed;
  } catch (error) {
    span?.end(error);
    throw error;
  }
}

function isPassing(error: unknown): boolean {
  return isEdgewrightError(error) && (error.code === 'ModelUnavailable' || error.code === 'ModelStoreUnusable');
}

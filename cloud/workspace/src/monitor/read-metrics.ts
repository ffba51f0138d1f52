import { readFile, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ContractError, messageOf } from '@edgewright/contract';
import type { EventSink } from '@edgewright/contract';
import { parseExposition } from './metrics-series.ts';
import type { MetricsSnapshot } from './metrics-series.ts';
import { WorkspaceError } from '../workspace-error.ts';

const MAX_BYTES = 32 * 1024 * 1024;
const TIMEOUT_MS = 10_000;

export interface ReadMetricsOptions {
  /** Addresses are asked again and again for so long; 0 for once. */
  readonly forMs: number;
  readonly everyMs: number;
  readonly events: EventSink;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads what programs say of themselves: files with the text of `/metrics`, each one moment, that of its last change; and addresses, which
 * are asked now, and for as long as one likes.
 *
 * @throws ContractError `FileNotReadable` · WorkspaceError `ServiceUnreachable`
 */
export async function readMetrics(sources: readonly string[], options: ReadMetricsOptions): Promise<MetricsSnapshot[]> {
  const files = sources.filter((source) => !isAddress(source));
  const addresses = sources.filter(isAddress);
  const found = await Promise.all(files.map(readSnapshot));
  const askAll = () => Promise.all(addresses.map((address) => ask(address, options.signal)));
  found.push(...(await askAll()));
  // counted from the first answer, so that there are two at least
  const end = Date.now() + (addresses.length === 0 ? 0 : options.forMs);
  for (let leftMs = end - Date.now(); leftMs > 0; leftMs = end - Date.now()) {
    options.events({
      stage: 'monitor.metrics',
      state: 'progress',
      text: `asking ${addresses.join(', ')} for ${Math.ceil(leftMs / 1000)} s more`,
    });
    await sleep(
      Math.min(options.everyMs, leftMs),
      undefined,
      options.signal === undefined ? {} : { signal: options.signal },
    );
    found.push(...(await askAll()));
  }
  return found.toSorted((a, b) => a.at - b.at);
}

function isAddress(source: string): boolean {
  return /^https?:\/\//.test(source);
}

async function readSnapshot(file: string): Promise<MetricsSnapshot> {
  try {
    const { mtimeMs, size } = await stat(file);
    if (size > MAX_BYTES) throw new RangeError(`it has ${size} bytes of at most ${MAX_BYTES}`);
    return snapshotOf(file, mtimeMs, await readFile(file, 'utf8'));
  } catch (cause) {
    throw new ContractError('FileNotReadable', `cannot read the metrics in "${file}": ${messageOf(cause)}`, {
      details: { path: file },
      cause,
    });
  }
}

async function ask(address: string, signal: AbortSignal | undefined): Promise<MetricsSnapshot> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await fetch(address, {
      signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
    });
    if (!response.ok) throw new RangeError(`it answers with ${response.status}`);
    return snapshotOf(address, Date.now(), await response.text());
  } catch (cause) {
    signal?.throwIfAborted();
    throw new WorkspaceError('ServiceUnreachable', `cannot read the metrics at ${address}: ${messageOf(cause)}`, {
      details: { address },
      cause,
    });
  }
}

function snapshotOf(source: string, at: number, text: string): MetricsSnapshot {
  const samples = parseExposition(text);
  if (samples.length > 0) return { at, source, samples };
  throw new RangeError(
    'it has no metrics of edgewright; name the whole address, such as http://localhost:5001/metrics',
  );
}

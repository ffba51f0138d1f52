import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { openExample } from './demo/example.ts';
import { messageComparison } from './demo/messages.ts';
import { packagingComparison } from './demo/packaging.ts';
import type { Bench } from './harness.ts';

/** The two halves of the demo: packaging against plain archives, and the message path against a bare MQTT client. */
export async function demoBench(): Promise<Bench> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'edgewright-bench-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const example = cleanup.use(await openExample(folder));
  const comparisons = [await packagingComparison(example), cleanup.use(await messageComparison(example))];
  const closing = cleanup.move();
  return { comparisons, [Symbol.asyncDispose]: () => closing.disposeAsync() };
}

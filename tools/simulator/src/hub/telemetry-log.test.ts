import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate as tick } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { StateDatabase } from '../state/state-database.ts';
import { TelemetryLog } from './telemetry-log.ts';

it('gives a slow reader also what arrives while it works on a message', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'edgewright-telemetry-'));
  const database = StateDatabase.open(directory);
  onTestFinished(async () => {
    database[Symbol.dispose]();
    await rm(directory, { recursive: true, force: true });
  });
  const log = new TelemetryLog(database, Date.now);
  const append = (n: number) =>
    log.append({ deviceId: 'd', body: Buffer.from(String(n)), properties: {}, systemProperties: {} });
  const signal = AbortSignal.timeout(5_000);
  const read: string[] = [];
  const records = log.read({}, signal);
  append(0);
  for await (const { body } of records) {
    read.push(body.toString());
    if (read.length < 10) append(read.length);
    await tick();
    if (read.length === 10) break;
  }
  expect(read).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
});

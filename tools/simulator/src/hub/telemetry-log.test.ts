import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { StateDatabase } from '../state/state-database.ts';
import { TelemetryLog } from './telemetry-log.ts';
import type { TelemetryMessage, TelemetryRecord } from './telemetry-record.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

async function open(now: () => number = Date.now) {
  const directory = await mkdtemp(path.join(tmpdir(), 'edgewright-telemetry-'));
  const database = StateDatabase.open(directory);
  onTestFinished(async () => {
    database[Symbol.dispose]();
    await rm(directory, { recursive: true, force: true });
  });
  return { database, log: new TelemetryLog(database, now) };
}

function message(change: Partial<TelemetryMessage> = {}): TelemetryMessage {
  return { deviceId: 'd', moduleId: 'm', body: Buffer.from('{}'), properties: {}, systemProperties: {}, ...change };
}

async function take(records: AsyncIterable<TelemetryRecord>, count: number): Promise<TelemetryRecord[]> {
  const taken: TelemetryRecord[] = [];
  for await (const record of records) {
    taken.push(record);
    if (taken.length === count) break;
  }
  return taken;
}

describe('the telemetry log', () => {
  it('gives back what it was given, in order and numbered', async () => {
    const { log } = await open();
    const body = Buffer.from([0, 255, 10]);
    log.append(message({ body, properties: { a: '1' }, systemProperties: { outputName: 'o' } }));
    const { moduleId: _, ...fromDevice } = message();
    log.append(fromDevice);
    const records = await take(log.read({ afterSequenceNumber: 0 }, new AbortController().signal), 2);
    expect(records[0]).toMatchObject({ sequenceNumber: 1, moduleId: 'm', properties: { a: '1' } });
    expect(records[0]?.body.equals(body)).toBe(true);
    expect(records[1]).toMatchObject({ sequenceNumber: 2, deviceId: 'd' });
    expect(records[1]).not.toHaveProperty('moduleId');
  });

  it('starts a reader where the log stood when it was called, not when it began to read', async () => {
    const { log } = await open();
    log.append(message());
    const records = log.read({}, new AbortController().signal);
    log.append(message());
    expect((await take(records, 1))[0]?.sequenceNumber).toBe(2);
  });

  it('follows through thousands, with filters', async () => {
    const { log } = await open();
    const filter = { moduleId: 'm1', outputName: 'o', properties: { kind: 'x' }, afterSequenceNumber: 0 };
    const taking = take(log.read(filter, new AbortController().signal), 3);
    for (let n = 1; n <= 3000; n += 1) {
      const moduleId = n % 1000 === 0 ? 'm1' : 'm2';
      log.append(message({ moduleId, properties: { kind: 'x' }, systemProperties: { outputName: 'o' } }));
      log.append(message({ moduleId, properties: { kind: 'y' }, systemProperties: { outputName: 'o' } }));
    }
    expect((await taking).map((record) => record.sequenceNumber)).toEqual([1999, 3999, 5999]);
  });

  it('ends without an error when the signal says so, also while it waits', async () => {
    const { log } = await open();
    const abort = new AbortController();
    const taking = take(log.read({}, abort.signal), 1);
    setTimeout(() => abort.abort(), 20);
    expect(await taking).toEqual([]);
  });

  it('keeps a day, and goes on counting; a reader that wants what is gone waits for what comes', async () => {
    let time = Date.parse('2026-01-01T00:00:00Z');
    const { database, log } = await open(() => time);
    log.append(message());
    time += DAY_MS + 1;
    const later = new TelemetryLog(database, () => time);
    const taking = take(later.read({ afterSequenceNumber: 0 }, new AbortController().signal), 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    later.append(message());
    expect((await taking)[0]).toMatchObject({ sequenceNumber: 2, enqueuedTime: '2026-01-02T00:00:00.001Z' });
  });
});

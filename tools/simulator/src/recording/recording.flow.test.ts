import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { recordingLine } from '@edgewright/contract';
import { connectSimulator } from '../connect-simulator.ts';
import type { TelemetryFilter, TelemetryRecord } from '../hub/telemetry-record.ts';
import type { Simulator, SimulatorClient } from '../simulator-client.ts';
import { startSimulator } from '../simulator.ts';

async function start(): Promise<Simulator> {
  const stateDirectory = await mkdtemp(path.join(tmpdir(), 'edgewright-recording-'));
  const simulator = await startSimulator({ stateDirectory });
  onTestFinished(async () => {
    await simulator.stop();
    await rm(stateDirectory, { recursive: true, force: true });
  });
  return simulator;
}

async function read(client: SimulatorClient, count: number, filter: TelemetryFilter = {}): Promise<TelemetryRecord[]> {
  const records: TelemetryRecord[] = [];
  for await (const record of client.monitor({ afterSequenceNumber: 0, ...filter }, AbortSignal.timeout(30_000))) {
    records.push(record);
    if (records.length === count) break;
  }
  return records;
}

function chunksOf(text: string): AsyncIterable<Uint8Array> {
  return (async function* () {
    yield Buffer.from(text);
  })();
}

function line(n: number, more: object = {}): string {
  const enqueuedTime = new Date(1_700_000_000_000 + n * 200).toISOString();
  return JSON.stringify({
    deviceId: 'meter',
    enqueuedTime,
    properties: {},
    systemProperties: {},
    body: { n },
    ...more,
  });
}

describe('a recording', () => {
  it('is sent again as it was, by the devices and modules that sent it', async () => {
    const simulator = await start();
    await simulator.createDevice({ deviceId: 'meter' });
    await simulator.createDevice({ deviceId: 'plant' });
    const bodies = ['plain text', '{ "spaced":  1.0 }', Buffer.from([0, 255, 7]), { kWh: 3 }];
    const messages = bodies.map((body, n) => ({ body, properties: { n: `${n}` }, messageId: `id-${n}` }));
    await simulator.send({ deviceId: 'meter', messages });
    await simulator.send({ deviceId: 'plant', moduleId: 'press', output: 'force', messages: [{ body: [1, 2] }] });
    const recorded = await read(simulator, 5);

    const other = await start();
    const file = path.join(other.info.stateDirectory, 'recording.ndjson');
    await writeFile(file, `${recorded.map(recordingLine).join('\n')}\n`);
    // from another process, as the command does it
    const client = await connectSimulator(other.info.stateDirectory);
    const result = await client.replay({ chunks: createReadStream(file), speed: 'max', create: true });
    expect(result).toMatchObject({ confirmed: 5, senders: 2, resent: 0 });
    const again = await read(client, 4, { deviceId: 'meter' });
    expect(again.map(withoutTime)).toEqual(recorded.slice(0, 4).map(withoutTime));
  });

  it('keeps its rhythm, or a faster one', async () => {
    const simulator = await start();
    await simulator.createDevice({ deviceId: 'meter' });
    const lines = (every: number) => chunksOf([0, 1, 2, 3].map((n) => line(n * every)).join('\n'));
    const inTime = await simulator.replay({ chunks: lines(1) });
    expect(inTime.durationMs).toBeGreaterThanOrEqual(590);
    const faster = await simulator.replay({ chunks: lines(1), speed: 3 });
    expect(faster.durationMs).toBeGreaterThanOrEqual(190);
    // ten minutes: whoever kept their rhythm would not be back in time
    const muchFaster = await simulator.replay({ chunks: lines(1000), speed: 1000 });
    expect(muchFaster.confirmed).toBe(4);
  });

  it('may be of any length: what waits is bounded', async () => {
    const simulator = await start();
    await simulator.createDevice({ deviceId: 'meter' });
    let taken = 0;
    let ahead = 0;
    async function* chunks() {
      for (let n = 0; n < 1500; n += 1) {
        taken = n;
        yield Buffer.from(`${line(n)}\n`);
      }
    }
    await simulator.replay({
      chunks: chunks(),
      speed: 'max',
      onConfirmed: (confirmed) => {
        ahead = Math.max(ahead, taken - confirmed);
      },
    });
    expect(ahead).toBeLessThan(200);
    expect(await simulator.lastSequenceNumber()).toBe(1500);
  });

  it.each([
    ['what is not JSON', 'hello', 'line 1 of the recording'],
    ['a line without a sender', '\n{"body": 1}', 'line 2 of the recording'],
    ['a line without a body', '{"deviceId":"meter"}', 'line 1 of the recording has no body'],
    ['a time that is none', line(0, { enqueuedTime: 'noon' }), 'enqueuedTime is "noon"'],
    ['a device that is not there', line(0, { deviceId: 'ghost' }), 'there is no device "ghost"'],
  ])('says where it is wrong: %s', async (_name, text, reason) => {
    const simulator = await start();
    await simulator.createDevice({ deviceId: 'meter' });
    await expect(simulator.replay({ chunks: chunksOf(text), speed: 'max' })).rejects.toThrow(reason);
  });
});

describe('monitoring', () => {
  it('takes a filter on values in the body, over HTTP too', async () => {
    const simulator = await start();
    await simulator.createDevice({ deviceId: 'meter' });
    const messages = [1, 2, 3].map((n) => ({ body: { reading: { values: [n, 'x'] }, ok: n > 1 } }));
    await simulator.send({ deviceId: 'meter', messages: [...messages, { body: 'no JSON' }] });
    const client = await connectSimulator(simulator.info.stateDirectory);
    for (const reader of [simulator, client]) {
      const [found] = await read(reader, 1, {
        body: { 'reading.values[0]': '2', 'reading.values[1]': 'x', ok: 'true' },
      });
      expect(found?.sequenceNumber).toBe(2);
    }
  });

  it('is a stream of JSON lines over HTTP, for any client', async () => {
    const simulator = await start();
    await simulator.createDevice({ deviceId: 'meter' });
    await simulator.send({ deviceId: 'meter', messages: [{ body: { n: 1 } }] });
    const { readStateFile } = await import('../state/state-file.ts');
    const { url = '', token = '' } = readStateFile(simulator.info.stateDirectory) ?? {};
    const response = await fetch(`${url}/api/telemetry?after=0&format=json&body.n=1`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(30_000),
    });
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString();
      if (text.includes('}')) break;
    }
    expect(JSON.parse(text.trim())).toMatchObject({ sequenceNumber: 1, deviceId: 'meter', body: { n: 1 } });
  });
});

function withoutTime({ sequenceNumber: _number, enqueuedTime: _time, ...rest }: TelemetryRecord) {
  return { ...rest, body: rest.body.toString('base64') };
}

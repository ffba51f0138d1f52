import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { StateDatabase } from '../state/state-database.ts';
import { Hub } from './hub.ts';

const writer = fileURLToPath(new URL('../../test/hub-writer.ts', import.meta.url));

interface Promised {
  readonly n: number;
  readonly deviceId: string;
  readonly primaryKey: string;
  readonly reported: number;
  readonly sequenceNumber: number;
}

/** Lets a process write until it has promised something `count` times, and kills it in the middle of whatever it does then. */
async function killedWriter(directory: string, count: number): Promise<Promised[]> {
  const arguments_ = ['--conditions=edgewright-source', '--disable-warning=ExperimentalWarning', writer, directory];
  const child = spawn(process.execPath, arguments_, { stdio: ['ignore', 'pipe', 'inherit'] });
  const promised: Promised[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.endsWith('}')) continue;
    promised.push(JSON.parse(line) as Promised);
    if (promised.length === count) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  return promised;
}

it('has everything that was promised after SIGKILL', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'edgewright-durability-'));
  onTestFinished(async () => await rm(directory, { recursive: true, force: true }));
  const promised = await killedWriter(directory, 300);
  using database = StateDatabase.open(directory);
  const hub = new Hub({ hostName: 'localhost', database });
  for (const { n, deviceId, primaryKey, reported } of promised) {
    expect(hub.requireIdentity(deviceId)).toMatchObject({ primaryKey, edge: n % 2 === 0 });
    expect(hub.modulesOf(deviceId).length).toBe(n % 2 === 0 ? 2 : 0);
    const twin = hub.twin(deviceId);
    expect(twin).toMatchObject({ tags: { n }, desired: { properties: { n } } });
    expect(twin.reported).toMatchObject({ properties: { n }, version: reported });
  }
  const abort = new AbortController();
  const last = promised.at(-1)?.sequenceNumber ?? 0;
  const bodies: string[] = [];
  for await (const record of hub.telemetry({ afterSequenceNumber: 0 }, abort.signal)) {
    bodies.push(record.body.toString());
    if (record.sequenceNumber === last) abort.abort();
  }
  expect(bodies).toEqual(promised.map(({ n }) => String(n)));
  // half-made things do not stay: what comes after the last promise is there whole or not at all
  const next = `d${last + 1}`;
  const isWhole = hub.identity(next) === undefined || hub.twin(next).deviceId === next;
  expect(isWhole).toBe(true);
});
